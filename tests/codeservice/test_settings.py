"""Settings: each from its variable, and what is missing or unreadable is named."""

from dataclasses import fields
from pathlib import Path

import pytest

from codeservice.settings import Settings, SettingsError, settings_from

NEEDED = {
    "CITY_DATABASE": "sqlite:////var/lib/city/city.db",
    "REDIS_URL": "unix:///run/redis.sock",
    "CITY_KEYS": "/var/lib/city/keys",
    "CITY_ORIGIN": "https://city.example",
    "CITY_PASSPHRASE_FILE": "/var/lib/city/passphrase",
    "CITY_VAULT_FILE": "/var/lib/city/vault",
    "CITY_MASTER_KEY": "file:/var/lib/city/master",
}


def test_what_is_needed_is_enough() -> None:
    settings = settings_from(NEEDED)
    assert (settings.redis, settings.keys) == ("unix:///run/redis.sock", Path("/var/lib/city/keys"))
    assert (settings.guide, settings.demo, settings.proxies) == (None, False, 0)


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        settings_from({key: value for key, value in NEEDED.items() if key != name})


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_empty_is_missing(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        settings_from(NEEDED | {name: ""})


def test_everything_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        settings_from({})
    assert all(name in str(error.value) for name in NEEDED)


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("CITY_GUIDE", "HTTPS://M.EXAMPLE.CN/#", "guide", "HTTPS://M.EXAMPLE.CN/#"),
        ("CITY_GUIDE", "", "guide", None),
        ("CITY_REGION", "349902", "region", "349902"),
        ("CITY_NEIGHBOURS", "1,2", "neighbours", frozenset({"1", "2"})),
        ("CITY_NEIGHBOURS", "", "neighbours", frozenset()),
        ("CITY_NEIGHBOURS", "1,", "neighbours", frozenset({"1"})),
        ("CITY_DEMO", "1", "demo", True),
        ("CITY_DEMO", "yes", "demo", True),
        ("CITY_DEMO", "0", "demo", False),
        ("CITY_DEMO", "", "demo", False),
        ("CITY_DEMO", "No", "demo", False),
        ("CITY_DEMO", "False", "demo", False),
        ("CITY_PROXIES", "2", "proxies", 2),
        ("CITY_SIGNER", "process:/run/city/signer.sock", "signer", "process:/run/city/signer.sock"),
        ("CITY_SIGNER", "", "signer", None),
    ],
)
def test_each_setting_is_read_from_its_variable(name: str, text: str, field: str, value: object) -> None:
    assert getattr(settings_from(NEEDED | {name: text}), field) == value


@pytest.mark.parametrize("text", ["one", "-1", "1.5", "\uff11", "\u00b2", "1_0", " 1", ""], ids=ascii)
def test_a_number_is_written_in_digits(text: str) -> None:
    with pytest.raises(SettingsError, match="CITY_PROXIES"):
        settings_from(NEEDED | {"CITY_PROXIES": text})


@pytest.mark.parametrize(("origin", "secure"), [("https://city.example", True), ("http://127.0.0.1:8000", False)])
def test_cookies_are_secure_where_the_service_is(origin: str, secure: bool) -> None:  # noqa: FBT001 -- a column of the table
    assert settings_from(NEEDED | {"CITY_ORIGIN": origin}).secure is secure


@pytest.mark.parametrize("name", ["CITY_PASSPHRASE_FILE", "CITY_NOTHING"])
def test_who_asks_a_signer_process_needs_no_passphrase(name: str) -> None:
    environment = {key: value for key, value in NEEDED.items() if key != name}
    environment["CITY_SIGNER"] = "process:/run/city/signer.sock"
    assert (settings_from(environment).passphrase_file is None) is (name == "CITY_PASSPHRASE_FILE")


@pytest.mark.parametrize("signer", ["", "file:/var/lib/city/signing", "pkcs11:token=city?module-path=/m.so"])
def test_who_opens_keys_needs_the_passphrase(signer: str) -> None:
    environment = NEEDED | {"CITY_SIGNER": signer}
    del environment["CITY_PASSPHRASE_FILE"]
    with pytest.raises(SettingsError, match="CITY_PASSPHRASE_FILE"):
        settings_from(environment)


def test_other_variables_are_left_alone() -> None:
    assert settings_from(NEEDED | {"PATH": "/bin", "DEMO": "1", "CITY_SECRET": "x"}) == settings_from(NEEDED)


def test_no_setting_is_a_secret() -> None:
    """Secrets are files; a setting may be printed."""
    assert {entry.name for entry in fields(Settings)}.isdisjoint({"password", "passphrase", "secret", "vault"})
