"""Ceremonies for tests: real roots, real files, three holders of whom two must sign."""

import time
from pathlib import Path
from typing import Any

from codeservice.app import read_secret
from codeservice.services import Services
from keys import ceremony, rotation, trustlist
from keys.ceremony import Place
from keys.key import Purpose
from keys.keyring import LIST, Keyring, pinned
from keys.trustlist import TrustList
from tests.conftest import City
from tests.makers import NOW

HOUR, DAY = 3600, 24 * 3600
HOLDERS = {"one": b"first", "two": b"second", "three": b"third"}
TWO = {"one": b"first", "three": b"third"}
PASSPHRASE = b"signing"


def begin(folder: Path, **changes: Any) -> TrustList:
    """Hold the first ceremony with keys in files."""
    place = changes.pop("place", Place(ceremony.signing_folder(folder), PASSPHRASE))
    arguments: dict[str, Any] = {"root_passphrases": HOLDERS, "threshold": 2, "now": NOW}
    return ceremony.begin(folder, place, **(arguments | changes))


def put_in_force(folder: Path, offered: TrustList, holders: dict[str, bytes] | None = None) -> int:
    """Hold a later ceremony; returns how many signatures are missing."""
    ceremony.propose(folder, offered, now=offered.issued)
    return ceremony.sign_proposal(folder, TWO if holders is None else holders, now=offered.issued)


def put_in_force_by_demo(city: City, offered: TrustList) -> None:
    """Let the demo city's roots, which all have one passphrase, sign a list, and the service look at it."""
    passphrase_file = city.services.settings.passphrase_file
    assert passphrase_file is not None
    holders = dict.fromkeys(("one", "two"), read_secret(passphrase_file))
    assert put_in_force(city.services.settings.keys, offered, holders) == 0
    look_again(city.services)


def publish(city: City, purpose: Purpose = Purpose.GRANT) -> bytes:
    """Make and publish the next key, in an hour more than a day; returns its identifier."""
    settings = city.services.settings
    place = ceremony.Place(ceremony.signing_folder(settings.keys), passphrase_of(city))
    start = city.clock.now + DAY + HOUR
    key = place.make_key(purpose, sign_from=start, sign_until=start + 300 * DAY)
    current = city.services.trust_list()
    put_in_force_by_demo(city, rotation.publish(current, [key], now=city.clock.now, lifetime=ceremony.LIST_LIFE))
    return key.kid


def kill(city: City, kid: bytes) -> None:
    """Kill a key of the demo city."""
    current = city.services.trust_list()
    put_in_force_by_demo(city, rotation.kill(current, kid, now=city.clock.now, lifetime=ceremony.LIST_LIFE))


def passphrase_of(city: City) -> bytes:
    """Return what opens the signing keys of the demo city."""
    path = city.services.settings.passphrase_file
    assert path is not None
    return path.read_bytes().strip()


def look_again(services: Services) -> None:
    """Let a service look at its trust list as if a second had passed."""
    keyring: Keyring = services.trust_list.__self__  # type: ignore[attr-defined]
    keyring._looked = time.monotonic() - 60
    services.trust_list()


def force(folder: Path, trust_list: TrustList, holders: dict[str, bytes] | None = None) -> None:
    """Put a list into the folder that the ceremony would refuse, signed by the real roots."""
    roots, _threshold = pinned(folder)
    shares = [ceremony._open_share(folder, name, passphrase, roots) for name, passphrase in (holders or TWO).items()]
    (folder / LIST).write_bytes(trustlist.sign(trustlist.write(trust_list), shares))
