"""Settings of the service, read once from the environment by the composition root."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Any

_FALSE = frozenset({"", "0", "no", "false"})


class SettingsError(Exception):
    """A setting is missing or cannot be read; the message names it and says what to write."""


@dataclass(frozen=True)
class Settings:
    """Every setting is an environment variable of the same name in capitals with `CITY_` in front.

    `REDIS_URL` has no prefix because hosting platforms set it under that name.
    """

    database: str
    """SQLAlchemy address, for example sqlite:////var/lib/city/city.db or postgresql+psycopg://city@/city."""
    redis: str
    """Address of Redis (REDIS_URL): unix:///run/redis.sock or redis://127.0.0.1:6379/0. May be down, never absent."""
    keys: Path
    """Folder with the trust list, the signing keys and, for a demo, the roots."""
    origin: str
    """Address under which people and terminals reach the service; issuer of tokens, audience of proofs."""
    vault_file: Path
    """File of mode 0600 with the wrapped keys of the field encryption; `vault new` makes it."""
    master_key: str
    """Address of the master key that unwraps them, for example file:/etc/city/master; kept apart from the vault."""
    signer: str | None = None
    """Address of the place of the private keys: file:, pkcs11: or process: (files in the folder of the keys)."""
    passphrase_file: Path | None = None
    """File of mode 0600 with the passphrase or PIN of the signing keys; not needed with a signer process."""
    guide: str | None = None
    """Address in front of every code, or nothing. Example: HTTPS://M.EXAMPLE.CN/#"""
    region: str = "349901"
    """Division code (GB/T 2260) of the city itself."""
    neighbours: frozenset[str] = frozenset({"349902", "339901", "329901", "319901"})
    """Division codes of the regions with mutual recognition, separated by commas."""
    demo: bool = False
    """1 shows the demo message gateway; never set it where real people sign in."""
    proxies: int = 0
    """How many proxies in front set X-Forwarded-For; 0 ignores the header."""
    events: str | None = None
    """Address under which terminals reach the events server, for example https://city.example; else the origin."""

    wechat_app: str | None = None
    """App id of the mini-program; without one nobody signs in by WeChat."""
    wechat_secret_file: Path | None = None
    """File of mode 0600 with the app secret of the mini-program."""
    wechat_api: str = "https://api.weixin.qq.com"
    """Address of WeChat's server interface."""

    identity_service: str | None = None
    """Address of the service that confirms documents; without one, the record and counters confirm people."""
    identity_secret_file: Path | None = None
    """File of mode 0600 with the secret for the identity service."""

    most_dependants: int = 8
    """For how many people one person may show codes at a time."""
    most_guardians: int = 3
    """How many people may show codes for one person at a time."""

    oldest_clients: frozenset[str] = frozenset()
    """Oldest versions of the wallet's clients that are served, for example miniprogram/1.2.0,web/1.1.0; none is too old
    where nothing is said."""

    oldest_terminal: int = 1
    """Lowest protocol number of terminals that is served; a higher one turns programs away that are too old."""

    @property
    def secure(self) -> bool:
        """Whether the service is reached by https, so that cookies are marked Secure."""
        return self.origin.startswith("https://")


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Read settings; raises SettingsError that names what is missing."""
    # An empty variable is one that somebody forgot to fill.
    needed = [_name(entry) for entry in fields(Settings) if _is_required(entry)]
    if not _signs_elsewhere(environment.get("CITY_SIGNER")):
        needed.append("CITY_PASSPHRASE_FILE")
    missing = [name for name in needed if not environment.get(name)]
    if missing:
        raise SettingsError(f"set {', '.join(missing)}; docs/operations.md explains each")
    given = [entry for entry in fields(Settings) if _name(entry) in environment]
    values: dict[str, Any] = {
        entry.name: _read(str(entry.type), _name(entry), environment[_name(entry)]) for entry in given
    }
    return Settings(**values)


def _name(entry: "Field[Any]") -> str:
    return "REDIS_URL" if entry.name == "redis" else f"CITY_{entry.name.upper()}"


def _signs_elsewhere(signer: str | None) -> bool:
    # A signer process opens the keys; whoever asks it needs no passphrase, and should have none.
    return (signer or "").startswith("process:")


def _is_required(entry: "Field[Any]") -> bool:
    return entry.default is MISSING


def _read(kind: str, name: str, text: str) -> object:
    if "Path" in kind:
        return Path(text) if text else None
    if "frozenset" in kind:
        return frozenset(filter(None, text.split(",")))
    if "bool" in kind:
        return text.lower() not in _FALSE
    if "int" in kind:
        if not text.isascii() or not text.isdigit():
            raise SettingsError(f"{name} must be a whole number")
        return int(text)
    return text or None
