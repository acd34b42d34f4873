"""`python -m keys`: the key ceremony at the command line; needs no network and no database."""

import argparse
import getpass
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from keys import ceremony, rotation
from keys.algorithms import ALGORITHMS, algorithm_named
from keys.ceremony import Place
from keys.errors import KeysError
from keys.key import PublicKey, Purpose
from keys.keyring import follow
from keys.trustlist import TrustList

_RENEW_BELOW = 14 * 24 * 3600
"""Seconds before the end of a list at which `verify` warns."""


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
    parser = argparse.ArgumentParser(
        prog="python -m keys",
        description="Roots, trust lists and signing keys. "
        "Every change is proposed, said in words, and in force when enough root holders have signed it.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.add_argument("folder", type=Path, help="folder of the keys")
        made.set_defaults(run=run)
        return made

    begin = command("begin", _begin, "make roots, keys for each purpose and the first list")
    _add_names(begin, required=False)
    show = command("inspect", _inspect, "say what the list in force says, and what is proposed")
    show.add_argument("--json", action="store_true", help="machine-readable")
    command("verify", _verify, "follow every list from the first to the one in force, by all rules")
    add = command("add", _add, "make a key and publish it; it signs a day later")
    add.add_argument("purpose", choices=[purpose.value for purpose in Purpose])
    add.add_argument(
        "--emergency", action="store_true", help="it signs at once; offline verifiers refuse it until they sync"
    )
    rotate = command("rotate", _rotate, "make and publish the next key of every purpose whose last one nears its end")
    kill = command("kill", _kill, "kill a key for ever")
    kill.add_argument("kid", help="key identifier, 16 hexadecimal digits")
    extend = command("extend", _extend, "renew the list")
    roots = command("roots", _roots, "make new roots; old and new ones sign the change")
    _add_names(roots, required=True)
    sign = command("sign", _sign, "sign what is proposed")
    for signed in (add, rotate, kill, extend, roots):
        signed.add_argument("--signers", nargs="+", default=[], metavar="NAME", help="roots that sign now")
    sign.add_argument("--signers", nargs="+", required=True, metavar="NAME", help="roots that sign now")
    for making in (begin, add, rotate):
        making.add_argument("--at", metavar="ADDRESS", help="where signing keys are made (files beside the list)")
        making.add_argument("--identity", default="", help="identity of the signer, for SM2 only")
    for choosing in (begin, add, rotate, roots):
        choosing.add_argument("--suite", choices=sorted(ALGORITHMS), help="signature algorithm (ES256, later the last)")
    return parser


def _add_names(parser: argparse.ArgumentParser, *, required: bool) -> None:
    default = None if required else ["one", "two", "three"]
    parser.add_argument(
        "--roots", nargs="+", required=required, default=default, metavar="NAME", help="one name a holder"
    )
    parser.add_argument("--threshold", type=int, default=2, help="how many roots must sign (default 2)")


def _begin(options: argparse.Namespace) -> int:
    print(f"{len(options.roots)} roots, {options.threshold} must sign. Each holder types a passphrase of their own.")
    passphrases = _ask_roots(options.roots)
    place = _place(options, options.suite or "ES256")
    now = _now()
    made = ceremony.begin(options.folder, place, root_passphrases=passphrases, threshold=options.threshold, now=now)
    _say(ceremony.in_words(made, now))
    print(f"Move {options.folder / ceremony.ROOTS} to media that each holder keeps apart, and delete it here.")
    return 0


def _inspect(options: argparse.Namespace) -> int:
    now = _now()
    found = ceremony.read_list(options.folder, now=now)
    proposed = (options.folder / ceremony.PROPOSED).exists()
    if not options.json:
        _say(ceremony.in_words(found, now))
        if proposed:
            print("Proposed:")
            _say(ceremony.changes_in_words(found, ceremony.read_proposal(options.folder, now=now), now))
        return 0
    keys = [_entry(key, found, now) for key in found.keys.values()]
    body = {"version": found.version, "expires": found.expires, "threshold": found.threshold, "keys": keys}
    print(json.dumps(body | {"proposed": proposed}))
    return 0


def _entry(key: PublicKey, trust_list: TrustList, now: int) -> dict[str, object]:
    return {
        "kid": key.kid.hex(),
        "purpose": key.purpose,
        "algorithm": key.algorithm,
        "state": key.state(now),
        "sign_from": key.sign_from,
        "sign_until": key.sign_until,
        "killed": key.kid in trust_list.killed,
    }


def _verify(options: argparse.Namespace) -> int:
    now = _now()
    found = follow(options.folder, now=now)
    print(f"good: {found.version} lists, each follows the one before it")
    left = found.expires - now
    if left <= 0:
        print("refused: the list in force has expired; renew it with extend", file=sys.stderr)
        return 1
    if left < _RENEW_BELOW:
        print(f"soon: the list expires in {left // 86400} days; renew it with extend", file=sys.stderr)
    for purpose in rotation.due(found, now):
        print(f"soon: the last {purpose} key nears its end; make the next with rotate", file=sys.stderr)
    return 0


def _add(options: argparse.Namespace) -> int:
    now = _now()
    current = ceremony.read_list(options.folder, now=now)
    start = now if options.emergency else now + rotation.PUBLISH_AHEAD + 3600
    key = _place(options, _suite(options, current)).make_key(
        Purpose(options.purpose), sign_from=start, sign_until=start + ceremony.KEY_LIFE
    )
    offered = rotation.publish(current, [key], now=now, lifetime=ceremony.LIST_LIFE, emergency=options.emergency)
    return _propose(options, offered, now)


def _rotate(options: argparse.Namespace) -> int:
    now = _now()
    current = ceremony.read_list(options.folder, now=now)
    due = rotation.due(current, now)
    if not due:
        print("No key nears its end; nothing to do. `add` makes one all the same.")
        return 0
    place = _place(options, _suite(options, current))
    keys = [
        place.make_key(purpose, sign_from=start, sign_until=start + ceremony.KEY_LIFE) for purpose, start in due.items()
    ]
    return _propose(options, rotation.publish(current, keys, now=now, lifetime=ceremony.LIST_LIFE), now)


def _kill(options: argparse.Namespace) -> int:
    try:
        kid = bytes.fromhex(options.kid)
    except ValueError:
        print("a key identifier has 16 hexadecimal digits; `inspect` lists them", file=sys.stderr)
        return 2
    now = _now()
    current = ceremony.read_list(options.folder, now=now)
    return _propose(options, rotation.kill(current, kid, now=now, lifetime=ceremony.LIST_LIFE), now)


def _extend(options: argparse.Namespace) -> int:
    now = _now()
    current = ceremony.read_list(options.folder, now=now)
    return _propose(options, rotation.extend(current, now=now, lifetime=ceremony.LIST_LIFE), now)


def _roots(options: argparse.Namespace) -> int:
    now = _now()
    current = ceremony.read_list(options.folder, now=now)
    passphrases = _ask_roots(options.roots)
    suite = algorithm_named(_suite(options, current))
    offered = ceremony.change_roots(options.folder, passphrases, options.threshold, suite=suite, now=now)
    return _offer(options, offered, now)


def _propose(options: argparse.Namespace, offered: TrustList, now: int) -> int:
    ceremony.propose(options.folder, offered, now=now)
    return _offer(options, offered, now)


def _offer(options: argparse.Namespace, offered: TrustList, now: int) -> int:
    if options.signers:
        return _sign(options)
    print("Proposed:")
    _say(ceremony.changes_in_words(ceremony.read_list(options.folder, now=now), offered, now))
    print(f"Root holders sign with: python -m keys sign {options.folder} --signers NAME")
    return 0


def _sign(options: argparse.Namespace) -> int:
    now = _now()
    offered = ceremony.read_proposal(options.folder, now=now)
    print("You are about to sign:")
    _say(ceremony.changes_in_words(ceremony.read_list(options.folder, now=now), offered, now))
    missing = ceremony.sign_proposal(options.folder, _ask_roots(options.signers), now=now)
    if missing:
        print(f"Signed. {missing} more must sign: python -m keys sign {options.folder} --signers NAME")
        return 0
    print("In force.")
    return 0


def _suite(options: argparse.Namespace, current: TrustList) -> str:
    newest = max(current.keys.values(), key=lambda key: key.sign_from, default=None)
    return options.suite or (newest.algorithm if newest else current.roots[0].algorithm)


def _place(options: argparse.Namespace, suite: str) -> Place:
    uri = options.at or ceremony.signing_folder(options.folder)
    passphrase = _ask("passphrase or PIN of the signing keys: ")
    return Place(uri, passphrase, algorithm_named(suite), options.identity.encode())


def _say(lines: list[str]) -> None:
    for line in lines:
        print(" ", line)


def _ask_roots(names: list[str]) -> dict[str, bytes]:
    return {name: _ask(f"passphrase of root '{name}': ") for name in names}


def _ask(prompt: str) -> bytes:
    # Without a terminal the passphrases come one a line, so that a ceremony can be rehearsed by a script.
    return (getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")).encode()


def _now() -> int:
    return int(time.time())


if __name__ == "__main__":
    sys.exit(main())
