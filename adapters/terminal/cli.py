"""`city-terminal`: a terminal at the command line. Errors are in Chinese and in English, and say what to do."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from adapters.terminal import commands, opening
from adapters.terminal.commands import Exit, OpenTerminal
from adapters.terminal.enrolment import EnrolmentError
from adapters.terminal.errors import TerminalError
from adapters.terminal.runtime import InputError
from adapters.terminal.screen import both
from adapters.terminal.service import RefusedError, Service, UnreachableError
from adapters.terminal.store import StoreError
from codeservice.argument import whole
from codeservice.reason import Words
from keys.errors import KeysError

DATA = "var/terminal"
"""Folder of the terminal where neither `--data` nor systemd's StateDirectory names one."""

_STATE_DIRECTORY = "STATE_DIRECTORY"
_EXITS = (
    "exit codes 退出码: 0 done, or accepted 完成或通过; 1 refused 不通过; 2 cannot decide 无法判定; "
    "3 error, or wrong usage 出错或用法不对"
)
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (EnrolmentError, "终端未登记或登记未完成"),
    (UnreachableError, "连接不到服务，请检查网络"),
    (RefusedError, "服务拒绝了本终端，请联系管理员"),
    (KeysError, "信任列表不可信，未采用，请联系管理员"),
    (StoreError, "本机存储出错，请检查磁盘"),
    (InputError, "请求无法识别，未扫码"),
    (OSError, "系统不允许，请检查路径、权限和端口"),
)
"""What each kind of error is in Chinese; in English it says so itself."""

_ERRORS: tuple[type[Exception], ...] = (TerminalError, *(kind for kind, _ in _WORDS))


def main(
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
    open_terminal: OpenTerminal = opening.open_terminal,
    connect: Callable[[str], Service] = Service,
) -> int:
    """Run one command and return its exit code; `connect` opens the service to enrol at."""
    environment = os.environ if environment is None else environment
    # A window that cannot show a character shows another one, and the scan goes on.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        options = _parser(environment).parse_args(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    options.environment, options.open_terminal, options.connect = environment, open_terminal, connect
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return _fail(Words("已中断", "interrupted"))
    except _ERRORS as error:
        return _fail(words_of(error))


def words_of(error: Exception) -> Words:
    """Say an error of a terminal."""
    if isinstance(error, TerminalError):
        return error.words
    return Words(next(zh for kind, zh in _WORDS if isinstance(error, kind)), str(error))


def _fail(words: Words) -> int:
    print(f"错误 error: {both(words)}", file=sys.stderr)
    return Exit.ERROR


class _Parser(argparse.ArgumentParser):
    """Wrong usage has the exit code of an error here: 2 is a decision."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(Exit.ERROR, f"错误 error: 用法不对 {message}\n")


_port = whole(1, 65535)


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise argparse.ArgumentTypeError("an address looks like 192.0.2.7:7420 or [2001:db8::7]:7420")
    return host.removeprefix("[").removesuffix("]"), _port(port)


class _Commands:
    """The commands; each knows the folder of the terminal."""

    def __init__(self, parser: argparse.ArgumentParser, data: str) -> None:
        self._commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
        self._data = data

    def add(self, name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        """Add one."""
        made = self._commands.add_parser(name, help=text, description=text, epilog=_EXITS)
        folder = f"folder of the terminal 终端数据文件夹 (default {self._data})"
        made.add_argument("--data", type=Path, default=Path(self._data), metavar="FOLDER", help=folder)
        made.set_defaults(run=run)
        return made


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(prog="city-terminal", description="A terminal of the city code 城市码终端", epilog=_EXITS)
    top = _Commands(parser, environment.get(_STATE_DIRECTORY) or DATA)
    _add_enrol(top)
    _add_run(top)
    check = top.add("check", commands.check, "scan one code 核验一个码")
    check.add_argument("code", help="text of the code; - reads it from standard input 码的内容，- 表示标准输入")
    check.add_argument("--act", help="name of the scan; the same name is the same scan 扫码编号，同号为同一次")
    check.add_argument("--document-checked", action="store_true", help="staff checked a document 已核对证件")
    check.add_argument("--sync", action="store_true", help="contact the service first 先与服务同步")
    state = top.add("state", commands.state, "how the terminal is 终端状态")
    sync = top.add("sync", commands.sync, "fetch lists and send scans, once 同步一次")
    queue = top.add("queue", commands.queue, "scans that wait for the service 待上传的扫码")
    queue.add_argument("--limit", type=whole(1, 100_000), default=100, help="how many at most (default 100) 最多几条")
    for made in (check, state, sync, queue):
        made.add_argument("--json", action="store_true", help="machine-readable 机器可读")
    for made in (check, state, sync):
        _add_rtc(made)
    return parser


def _add_enrol(top: _Commands) -> None:
    enrol = top.add("enrol", commands.enrol, "become the terminal of the operator's link 用管理员的链接登记本终端")
    enrol.add_argument(
        "link",
        nargs="?",
        default=commands.STANDARD,
        help="the link; - or nothing reads it from standard input 登记链接；不写则读标准输入",
    )
    enrol.add_argument(
        "--picture", type=Path, metavar="FILE", help="PNG or JPEG with the link's QR code 含二维码的图片"
    )


def _add_run(top: _Commands) -> None:
    run = top.add("run", commands.run, "scan until stopped 开始扫码，直到停止")
    run.add_argument(
        "--input",
        action="append",
        metavar="INPUT",
        help="lines, serial:/dev/ttyACM0?baud=9600, folder:/srv/pictures?keep=1, or none; repeatable (default lines) "
        "输入：标准输入、串口、图片文件夹或无，可重复；lines 与 serial 可加 prefix=前缀",
    )
    run.add_argument(
        "--output", choices=("screen", "json"), default="screen", help="(default screen) 输出：屏幕或 JSON"
    )
    run.add_argument("--kiosk", type=_port, metavar="PORT", help="serve the page on 127.0.0.1:PORT 网页界面端口")
    run.add_argument(
        "--signal",
        metavar="PATH",
        help="write A, R, U or P for every answer to a device, pipe or file that exists 向灯或闸机逐次写 A、R、U、P",
    )
    run.add_argument("--relay", type=_address, metavar="ADDRESS:PORT", help="be the relay of the place 作本场所中继")
    run.add_argument("--site", type=_address, metavar="ADDRESS:PORT", help="the relay of the place 本场所中继的地址")
    _add_rtc(run)


def _add_rtc(made: argparse.ArgumentParser) -> None:
    made.add_argument("--rtc", action="store_true", help="this machine has a battery-backed clock 本机有带电池的时钟")
