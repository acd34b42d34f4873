"""How a terminal becomes one: the operator's one-time link, a key of its own, and the trust list that the link names.

In the terminal's folder: `terminal.json` (who it is), `key.pem` (its P-256 key), `store.key` and `store.db`. Enrolling
again gives a new key and goes on with the same store, so that nothing that waits is lost.
"""

import json
import os
import re
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from adapters import ADAPTERS
from adapters.terminal.alone import alone
from adapters.terminal.bundle import PIN_SIZE, Bundle, read_pinned
from adapters.terminal.service import Service
from adapters.terminal.store import Store
from keys import jws
from keys.errors import TrustListError

_CONFIG, _KEY, _NEW_KEY, _STORE_KEY, STORE = "terminal.json", "key.pem", "key.new", "store.key", "store.db"
_STORE_KEY_SIZE = 32
_OTHERS = 0o077
_TERMINAL = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)
_CODE = re.compile(r"[0-9]{20}", re.ASCII)
_PIN = re.compile(rf"[0-9a-f]{{{2 * PIN_SIZE}}}", re.ASCII)


class EnrolmentError(Exception):
    """This terminal is not enrolled, or cannot be; the message says what to do."""


@dataclass(frozen=True)
class Link:
    """A one-time link: whose service, which terminal, the code, and the digest of the trust list to begin with."""

    origin: str
    terminal: str
    code: str
    pin: str


@dataclass(frozen=True)
class Identity:
    """Who this terminal is, and the trust list that it began with: its version and digest."""

    origin: str
    terminal: str
    scene: str
    list_version: int
    pin: str


def read_link(text: str) -> Link:
    """Read a link as the operator's command prints it; raises EnrolmentError."""
    parts = urlsplit(text.strip())
    fields = parse_qs(parts.fragment)
    terminal, code, pin = (fields.get(name, [""])[0] for name in ("terminal", "enrol", "trust"))
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise EnrolmentError("this is no enrolment link: it begins with https:// and comes from `terminals enrol`")
    if not (_TERMINAL.fullmatch(terminal) and _CODE.fullmatch(code) and _PIN.fullmatch(pin)):
        raise EnrolmentError("the link is cut short: copy it whole, from https:// to the last character")
    return Link(f"{parts.scheme}://{parts.netloc}", terminal, code, pin)


def enrol(folder: Path, link: Link, service: Service) -> Identity:
    """Enrol; leaves what was as it was when it cannot.

    Raises EnrolmentError, TrustListError, RefusedError, UnreachableError, or TerminalError when the terminal runs.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(folder):
        _require_same_city(folder, link)
        return _enrol(folder, link, service)


def _enrol(folder: Path, link: Link, service: Service) -> Identity:
    signed = service.trust_list()
    trust_list = read_pinned(signed, link.pin)
    store = open_store(folder)
    try:
        bundle = Bundle.load(store)
        if bundle.trust_list is not None and bundle.trust_list.version > trust_list.version:
            raise TrustListError("the link names an older trust list than the one in force; ask for a new link")
        private = ec.generate_private_key(ec.SECP256R1())
        _write(folder / _NEW_KEY, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        numbers = private.public_key().public_numbers()
        x, y = (jws.encode(number.to_bytes(32)) for number in (numbers.x, numbers.y))
        said = service.enrol(link.terminal, link.code, {"kty": "EC", "crv": "P-256", "x": x, "y": y})
        if said.get("issuer") != link.origin:
            raise EnrolmentError(f"the service is reached at {said.get('issuer')}; ask for a link that begins so")
        scene = str(said.get("scene"))
        if scene not in ADAPTERS:
            raise EnrolmentError(f"this program does not know the scene {scene!r}; renew it, and ask for a new link")
        identity = Identity(link.origin, link.terminal, scene, trust_list.version, link.pin)
        bundle.begin(signed, trust_list)
        with store.transaction():
            # The operator vouches for this terminal anew: a suspension, and a time or a profile from a future that
            # somebody has made up, do not stay in its way.
            for name in ("clock", "mark", "suspended", "profile"):
                store.drop(name)
    finally:
        store.close()
    (folder / _NEW_KEY).replace(folder / _KEY)
    _write(folder / _CONFIG, json.dumps(asdict(identity)).encode())
    return identity


def read_identity(folder: Path) -> Identity:
    """Return who this terminal is; raises EnrolmentError."""
    try:
        values = json.loads((folder / _CONFIG).read_bytes())
        return Identity(**values)
    except (OSError, ValueError, TypeError) as error:
        raise EnrolmentError(f"{folder} holds no enrolled terminal; enrol it: city-terminal enrol LINK") from error


def read_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """Return the terminal's key; raises EnrolmentError, also when others may read it."""
    path = folder / _KEY
    try:
        if path.stat().st_mode & _OTHERS:
            raise EnrolmentError(f"others may read {path}: chmod 600 {path}, and enrol anew if somebody has")
        private = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise EnrolmentError(f"{path} holds no key; enrol this terminal anew") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise EnrolmentError(f"{path} holds no key of a terminal; enrol it anew")
    return private


def open_store(folder: Path) -> Store:
    """Open the store of a folder; raises StoreError, or EnrolmentError when its key is gone."""
    path = folder / _STORE_KEY
    if not path.exists():
        if (folder / STORE).exists():
            raise EnrolmentError(
                f"{path} is gone, and {STORE} cannot be opened without it; move {STORE} away to begin anew"
            )
        _write(path, secrets.token_bytes(_STORE_KEY_SIZE))
    return Store(folder / STORE, path.read_bytes())


def _require_same_city(folder: Path, link: Link) -> None:
    if not (folder / _CONFIG).exists():
        return
    identity = read_identity(folder)
    if (identity.origin, identity.terminal) != (link.origin, link.terminal):
        raise EnrolmentError(
            f"{folder} is the terminal {identity.terminal} of {identity.origin}; take another folder for another one"
        )


def _write(path: Path, content: bytes) -> None:
    # Whole or not at all, also when the power goes.
    part = path.with_name(f"{path.name}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
