"""Inputs by their addresses: `lines`, `serial:/dev/ttyACM0?baud=9600`, `folder:/srv/pictures?keep=1`."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qsl

from adapters.terminal.errors import TerminalError
from adapters.terminal.inputs.lines import Lines
from adapters.terminal.inputs.source import Source
from codeservice.reason import Words

STANDARD_INPUT = 0
DEFAULT_BAUD = 9600
_MOST_BAUD = 4_000_000
_PREFIX, _BAUD, _KEEP = "prefix", "baud", "keep"


def open_source(address: str) -> Source:
    """Make the input of an address; raises TerminalError, whose words say what an address looks like."""
    where, _, query = address.partition("?")
    kind, _, path = where.partition(":")
    if kind not in _KINDS:
        raise _unknown(address)
    return _KINDS[kind](path, _Options(address, query))


class _Options:
    """What stands behind the question mark."""

    def __init__(self, address: str, query: str) -> None:
        self._address = address
        try:
            # A plus is a plus here: scanners send it, and nobody writes spaces that way.
            pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True, strict_parsing=bool(query))
        except ValueError as error:
            raise _unknown(address) from error
        self._left = dict(pairs)

    def take(self, name: str, default: str) -> str:
        return self._left.pop(name, default)

    def end(self, *, good: bool = True) -> None:
        """Refuse what is unknown or wrong: a setting that does nothing looks like one that works."""
        if self._left or not good:
            raise _unknown(self._address)


def _lines(path: str, options: _Options) -> Source:
    prefix = options.take(_PREFIX, "")
    options.end(good=not path)
    return Lines(STANDARD_INPUT, prefix=prefix)


def _serial(path: str, options: _Options) -> Source:
    prefix, baud = options.take(_PREFIX, ""), options.take(_BAUD, str(DEFAULT_BAUD))
    options.end(good=bool(path) and baud.isascii() and baud.isdecimal() and 0 < int(baud) <= _MOST_BAUD)
    return _serial_module().SerialPort(path, baud=int(baud), prefix=prefix)  # type: ignore[no-any-return]


def _folder(path: str, options: _Options) -> Source:
    keep = options.take(_KEEP, "0")
    options.end(good=bool(path) and keep in ("0", "1"))
    return _pictures_module().Pictures(Path(path), keep=keep == "1")  # type: ignore[no-any-return]


_KINDS: dict[str, Callable[[str, _Options], Source]] = {"lines": _lines, "serial": _serial, "folder": _folder}


def read_picture(path: Path) -> str:
    """Read the code in a picture file, such as an operator's enrolment link; raises TerminalError."""
    picture = _picture_module()
    try:
        text: str = picture.read_picture(path)
    except picture.PictureError as error:
        raise TerminalError(
            Words(f"无法读取图片 {path}，需要 PNG 或 JPEG", f"{path} cannot be read; a PNG or JPEG is needed")
        ) from error
    if not text:
        raise TerminalError(
            Words(
                f"图片 {path} 里没有或不止一个二维码，请重拍",
                f"{path} holds no QR code, or more than one; take it again",
            )
        )
    return text


def _serial_module() -> ModuleType:
    try:
        from adapters.terminal.inputs import serial_port  # noqa: PLC0415 -- optional: not every terminal has a port
    except ImportError as error:
        raise _missing("pyserial", "串口", "Serial ports") from error
    return serial_port


def _picture_module() -> ModuleType:
    try:
        from adapters.terminal.inputs import picture  # noqa: PLC0415 -- optional: not every terminal reads pictures
    except ImportError as error:
        raise _missing("zxing-cpp", "图片", "Pictures") from error
    return picture


def _pictures_module() -> ModuleType:
    _picture_module()
    from adapters.terminal.inputs import pictures  # noqa: PLC0415 -- needs what was just found

    return pictures


def _missing(package: str, zh: str, en: str) -> TerminalError:
    install = "pip install 'city-code[terminal]'"
    return TerminalError(
        Words(f"{zh}输入需要软件包 {package}：{install}", f"{en} as an input need the package {package}: {install}")
    )


def _unknown(address: str) -> TerminalError:
    known = f"lines, serial:/dev/ttyACM0?baud={DEFAULT_BAUD}, folder:/srv/pictures?keep=1, none"
    return TerminalError(Words(f"不认识的输入 {address}；可用：{known}", f"{address} is no input; there are: {known}"))
