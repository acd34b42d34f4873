"""Export: all that the wallet shows, and what it masks, in a file that only this city can have written."""

import json
from pathlib import Path
from typing import Any

import pytest

from codeservice.export import verify_export
from codeservice.web.openapi import operations
from codeservice.web.operation import Security
from keys.errors import KeysError
from tests.conftest import City
from tests.phone import Phone
from wallet.exports import NOT_OF_THE_HOLDER


def export(phone: Phone) -> bytes:
    answer: Any = phone.call("POST", "/exports", {})
    assert answer.status_code == 200, answer.get_json()
    assert "attachment" in answer.headers["Content-Disposition"]
    return bytes(answer.get_data())


def test_an_export_holds_everything_that_the_wallet_shows(any_city: City) -> None:
    city, citizen = any_city, any_city.citizen()
    phone = city.phone()
    city.terminal("bus-1").scan(phone.show(city.clock.now))
    file = export(phone)
    data = json.loads(file.split(b"\n")[0])
    shown = {
        entry.path.removeprefix("/wallet/api/v1/")
        for entry in operations(city.app)
        if entry.method == "GET"
        and entry.security is Security.SESSION
        and "<" not in entry.path
        and entry.name not in NOT_OF_THE_HOLDER
    }
    assert shown <= data.keys()
    for name in shown - {"records"}:
        assert data[name] == phone.call("GET", f"/{name}").get_json()
    assert data["identity"] == {
        "name": citizen.holder.name,
        "id_number": citizen.holder.id_number.text,
        "phone": str(citizen.phone),
    }
    assert [entry["decision"] for entry in data["records"]["records"]] == ["accepted"]
    assert phone.me["csrf"] not in file.decode()


def test_an_export_is_signed_and_every_change_is_found(city: City) -> None:
    file = export(city.phone())
    trust_list, now = city.services.trust_list(), city.clock.now
    assert verify_export(file, trust_list=trust_list, now=now).at == now
    name = city.citizen().holder.name.encode()
    for changed in (file.replace(name, name[:-3] + "改".encode()), file + b"x", file[:-1], b"", b"{}\n{}\n"):
        assert changed != file
        with pytest.raises(KeysError):
            verify_export(changed, trust_list=trust_list, now=now)


def test_an_operator_checks_a_file(city: City, tmp_path: Path, operate: Any) -> None:
    path = tmp_path / "export.jsonl"
    path.write_bytes(export(city.phone()))
    assert operate("exports", "verify", str(path)) == (0, {"good": True, "at": city.clock.now})
    path.write_bytes(path.read_bytes().replace(b"identity", b"identitz"))
    code, said = operate("exports", "verify", str(path))
    assert (code, said["good"]) == (1, False)


def test_a_holder_exports_five_times_a_day(city: City) -> None:
    phone = city.phone()
    answers = [phone.call("POST", "/exports", {}).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
