"""Addresses of inputs: what is known opens, and everything else is refused with what there is."""

import sys

import pytest

from adapters.terminal.errors import TerminalError
from adapters.terminal.inputs.address import open_source
from adapters.terminal.inputs.lines import Lines
from adapters.terminal.inputs.pictures import Pictures
from adapters.terminal.inputs.serial_port import SerialPort


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("lines", Lines),
        ("lines?prefix=~", Lines),
        ("serial:/dev/ttyACM0", SerialPort),
        ("serial:/dev/ttyACM0?baud=115200&prefix=%5DQ1", SerialPort),
        ("folder:/srv/pictures", Pictures),
        ("folder:/srv/pictures?keep=1", Pictures),
    ],
)
def test_an_address_opens_its_kind_of_input(address: str, kind: type) -> None:
    assert isinstance(open_source(address), kind)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "camera",
        "lines:/dev/tty",
        "lines?prefx=~",
        "serial:",
        "serial:/dev/ttyACM0?baud=fast",
        "serial:/dev/ttyACM0?baud=0",
        "serial:/dev/ttyACM0?baud=-9600",
        "serial:/dev/ttyACM0?baud=99999999999",
        "serial:/dev/ttyACM0?parity=even",
        "folder:",
        "folder:/srv?keep=yes",
        "folder:/srv?keep",
    ],
)
def test_an_address_that_is_none_is_refused_with_those_that_are(address: str) -> None:
    with pytest.raises(TerminalError) as failed:
        open_source(address)
    assert "serial:/dev/ttyACM0?baud=9600" in failed.value.words.zh
    assert "serial:/dev/ttyACM0?baud=9600" in failed.value.words.en


def test_a_plus_in_a_prefix_is_a_plus() -> None:
    source = open_source("lines?prefix=%2B+")
    assert isinstance(source, Lines)
    assert source._prefix == "++"


@pytest.mark.parametrize(
    ("address", "module", "library", "package"),
    [
        ("serial:/dev/ttyACM0", "serial_port", "serial", "pyserial"),
        ("folder:/srv/pictures", "picture", "zxingcpp", "zxing-cpp"),
    ],
)
def test_a_missing_library_is_one_sentence_that_says_what_to_install(
    address: str, module: str, library: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = "adapters.terminal.inputs"
    monkeypatch.delitem(sys.modules, f"{inputs}.{module}", raising=False)
    monkeypatch.delattr(f"{inputs}.{module}", raising=False)
    # None there means to Python: not installed.
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(TerminalError) as failed:
        open_source(address)
    for words in (failed.value.words.zh, failed.value.words.en):
        assert package in words
        assert "pip install 'city-code[terminal]'" in words
