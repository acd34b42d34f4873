"""`python -m keys`: the key ceremony at the command line; needs no network and no database."""

import argparse
import getpass
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from keys import ceremony, rotation
from keys.errors import KeysError
from keys.key import Purpose
from keys.trustlist import TrustList


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns 0 when done, 1 when a rule refused, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except KeysError as error:
        print(f"refused: {error}", file=sys.stderr)
    except OSError as error:
        print(f"refused: {error.filename}: {error.strerror}; name a folder that you may write to", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m keys", description="Roots, trust lists and signing keys.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.add_argument("folder", type=Path, help="folder of the keys")
        made.set_defaults(run=run)
        return made

    begin = command("begin", _begin, "make roots, one key for each purpose and the first list")
    begin.add_argument("--roots", nargs="+", default=["one", "two", "three"], metavar="NAME", help="one name a holder")
    begin.add_argument("--threshold", type=int, default=2, help="how many roots must sign (default 2)")
    show = command("inspect", _inspect, "verify the list in force and say what it says")
    show.add_argument("--json", action="store_true", help="machine-readable")
    publish = command("publish", _publish, "make a key and publish it; it signs a day later")
    publish.add_argument("purpose", choices=[purpose.value for purpose in Purpose])
    kill = command("kill", _kill, "kill a key for ever")
    kill.add_argument("kid", help="key identifier, 16 hexadecimal digits")
    extend = command("extend", _extend, "renew the list")
    for signed in (publish, kill, extend):
        signed.add_argument("--signers", nargs="+", required=True, metavar="NAME", help="roots that sign now")
    return parser


def _begin(options: argparse.Namespace) -> int:
    print(f"{len(options.roots)} roots, {options.threshold} must sign. Each holder types a passphrase of their own.")
    passphrases = {name: _ask(f"passphrase of root '{name}': ") for name in options.roots}
    signing = _ask("passphrase of the signing keys: ")
    made = ceremony.begin(
        options.folder,
        root_passphrases=passphrases,
        threshold=options.threshold,
        signing_passphrase=signing,
        now=int(time.time()),
    )
    _say(made)
    print(f"Move {options.folder / ceremony.ROOTS} to media that each holder keeps apart, and delete it here.")
    return 0


def _inspect(options: argparse.Namespace) -> int:
    now = int(time.time())
    found = ceremony.read_list(options.folder, now=now)
    if not options.json:
        _say(found)
        return 0
    keys = [
        {"kid": key.kid.hex(), "purpose": key.purpose, "algorithm": key.algorithm, "state": key.state(now)}
        | {"sign_from": key.sign_from, "sign_until": key.sign_until, "killed": key.kid in found.killed}
        for key in found.keys.values()
    ]
    print(json.dumps({"version": found.version, "expires": found.expires, "threshold": found.threshold, "keys": keys}))
    return 0


def _publish(options: argparse.Namespace) -> int:
    now = int(time.time())
    current = ceremony.read_list(options.folder, now=now)
    start = now + rotation.PUBLISH_AHEAD + 60
    key = ceremony.make_key(
        options.folder,
        Purpose(options.purpose),
        _ask("passphrase of the signing keys: "),
        sign_from=start,
        sign_until=start + ceremony.KEY_LIFE,
    )
    return _sign(options, rotation.publish(current, key, now=now, lifetime=ceremony.LIST_LIFE))


def _kill(options: argparse.Namespace) -> int:
    now = int(time.time())
    current = ceremony.read_list(options.folder, now=now)
    try:
        kid = bytes.fromhex(options.kid)
    except ValueError:
        print("a key identifier has 16 hexadecimal digits; `inspect` lists them", file=sys.stderr)
        return 2
    return _sign(options, rotation.kill(current, kid, now=now, lifetime=ceremony.LIST_LIFE))


def _extend(options: argparse.Namespace) -> int:
    now = int(time.time())
    current = ceremony.read_list(options.folder, now=now)
    return _sign(options, rotation.extend(current, now=now, lifetime=ceremony.LIST_LIFE))


def _sign(options: argparse.Namespace, offered: TrustList) -> int:
    print("You are about to sign:")
    _say(offered)
    ceremony.sign_list(
        options.folder, offered, {name: _ask(f"passphrase of root '{name}': ") for name in options.signers}
    )
    ceremony.read_list(options.folder, now=int(time.time()))
    print("In force.")
    return 0


def _say(trust_list: TrustList) -> None:
    for line in ceremony.in_words(trust_list, int(time.time())):
        print(" ", line)


def _ask(prompt: str) -> bytes:
    # Without a terminal the passphrases come one a line, so that a ceremony can be rehearsed by a script.
    return (getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")).encode()


if __name__ == "__main__":
    sys.exit(main())
