"""`python -m codeservice`: the operators' commands. Each has --help and --json; 0 is done, 1 refused, 2 wrong usage."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from codeservice import (
    commands,
    credential_commands,
    emergency_access_commands,
    holder_commands,
    household_commands,
    keeper_commands,
    officer_commands,
    signer_commands,
    terminal_commands,
    vault_commands,
)
from codeservice.app import wall_clock
from codeservice.argument import whole
from codeservice.code import MAX_INDEX
from codeservice.command_line import Commands, day, new_parser, run
from keys.algorithms import ALGORITHMS, ES256
from keys.envelope import ACTIVE_AFTER
from keys.vault import FIRST_VERSION, LAST_VERSION


def main(
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], int] = wall_clock,
) -> int:
    """Run one command and return its exit code; `clock` gives epoch seconds."""
    return run(_parser(), arguments, environment, clock)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser("python -m codeservice", "The city code service.")
    top = Commands(parser)
    _add_city(top)
    _add_people(top)
    _add_households(top)
    _add_terminals(top)
    _add_scans(top)
    _add_keys(top)
    _add_vault(top)
    _add_holders(top)
    _add_emergencies(top)
    _add_signer(top)
    _add_officers(top)
    return parser


def _add_city(top: Commands) -> None:
    city = top.leaf("run", commands.run, "run a whole city on this machine until Ctrl-C")
    city.add_argument("--port", type=whole(1, 65535), default=8000, help="port on 127.0.0.1 (default 8000)")
    city.add_argument("--origin", help="address by which browsers reach the service, if not http://127.0.0.1:PORT")
    city.add_argument("--workers", type=whole(1, 64), default=2, help="gunicorn workers (default 2)")
    city.add_argument(
        "--suite", choices=sorted(ALGORITHMS), default=ES256.name, help="signatures of a new city (default ES256)"
    )
    top.leaf("migrate", commands.migrate, "bring the database to the newest schema")
    top.leaf("keep", commands.keep, "seal the audit log, fill Redis, delete what has had its time; until stopped")
    keeper = top.group("keeper", "the process that seals, publishes, fills and deletes")
    text = "say when it did each chore last and how old is what it published; exits with 1 when something is late"
    keeper.leaf("check", keeper_commands.check, text)
    demo = top.leaf("demo", commands.make_demo, "make a demo city in an empty database")
    for entry in (city, demo):
        entry.add_argument(
            "--people", type=whole(1, 100_000_000), default=1000, help="people of a new demo city (default 1000)"
        )
        entry.add_argument("--seed", type=int, default=20260101, help="the same seed makes the same city")
    show = top.leaf("demo-code", commands.demo_code, "play the phone of a demo person and print a code of this moment")
    show.add_argument("phone", help="phone number of a demo person")
    show.add_argument("--scene", default="all", help="scene of the code (default all)")


def _add_people(top: Commands) -> None:
    people = top.group("people", "find people")
    entry = people.leaf("list", commands.people_list, "list people, masked")
    entry.add_argument("--limit", type=whole(1, 1000), default=20, help="how many (default 20, at most 1000)")
    entry.add_argument("--after", default="", help="identifier to go on after")
    entry = people.leaf("show", commands.people_show, "show one person with cards, devices and live grants, masked")
    entry.add_argument("person", help="identifier")
    entry = people.leaf("find", commands.people_find, "find the person with the ID number on standard input")
    entry.add_argument("--reason", required=True, help="why; goes into the audit log")

    entry = people.leaf("confirm", holder_commands.people_confirm, "note that a counter has seen a person and document")
    entry.add_argument("person", help="identifier")
    entry.add_argument("--by", required=True, metavar="NAME", help="who has compared the person with the document")

    cards = top.group("cards", "cards and licences")
    entry = cards.leaf("list", commands.cards_list, "list the cards of a person")
    entry.add_argument("person", help="identifier")
    entry = cards.leaf("state", commands.cards_state, "change the state of a card and revoke the holder's grants")
    entry.add_argument("card", help="identifier")
    entry.add_argument("state", choices=commands.CARD_STATES, help="new state")
    entry.add_argument("--reason", required=True, help="why; goes into the audit log")

    _add_credentials(top)
    revoke = top.leaf("revoke", commands.revoke, "revoke grants, for ever and at once")
    which = revoke.add_mutually_exclusive_group(required=True)
    which.add_argument("--grant", nargs=2, type=whole(0, MAX_INDEX - 1), metavar=("LIST", "IDX"), help="one grant")
    which.add_argument("--person", help="every live grant of a person")
    which.add_argument("--device", help="every live grant of a device")
    revoke.add_argument("--cause", required=True, help="why; goes into the record")


def _add_households(top: Commands) -> None:
    households = top.group("household", "who may show codes for whom")
    entry = households.leaf("list", household_commands.household_list, "list ties in a state, the oldest first, masked")
    text = "state (default waiting_review: the officers' queue)"
    entry.add_argument("--state", choices=household_commands.STATES, default="waiting_review", help=text)
    entry.add_argument("--limit", type=whole(1, 1000), default=100, help="how many (default 100)")
    entry = households.leaf("show", household_commands.household_show, "show what was typed, to compare with documents")
    review = households.leaf("review", household_commands.household_review, "decide on a tie that waits for an officer")
    text = "end a tie because a court has removed the guardian"
    remove = households.leaf("remove", household_commands.household_remove, text)
    for one in (entry, review, remove):
        one.add_argument("tie", help="identifier")
        one.add_argument("--reason", required=True, help="why; goes into the audit log")
    review.add_argument("decision", choices=["accept", "refuse"], help="the decision")
    died = households.leaf(
        "died", household_commands.household_died, "end every tie of a person struck off the register"
    )
    died.add_argument("person", help="identifier")


def _add_credentials(top: Commands) -> None:
    owners = top.group("authorities", "who owns which credentials")
    owners.leaf("list", credential_commands.authorities_list, "list every type with its owner")
    entry = owners.leaf("give", credential_commands.authorities_give, "let a partner own a type or a benefit")
    entry.add_argument("remit", choices=credential_commands.REMITS, metavar="TYPE", help="see `authorities list`")
    entry.add_argument("authority", help="identifier of the partner")

    credentials = top.group("credentials", "bulk files of authorities")
    text = "import a file row by row; started again with the same file, it goes on where it was broken off"
    entry = credentials.leaf("import", credential_commands.credentials_import, text)
    entry.add_argument("--report", type=Path, required=True, help="CSV file of refused rows to write")
    entry.add_argument("--create-people", action="store_true", help="make people who are not known yet")
    export = credentials.leaf("export", credential_commands.credentials_export, "write what an authority owns as CSV")
    for leaf, text in ((entry, "file of CSV (.csv) or JSON lines"), (export, "new CSV file")):
        leaf.add_argument("file", type=Path, help=text)
        leaf.add_argument("--authority", required=True, help="identifier of the partner whose rows they are")
    entry = credentials.leaf("sample", credential_commands.credentials_sample, "write a file to try an import with")
    entry.add_argument("file", type=Path, help="new CSV file")
    entry.add_argument("--rows", type=whole(1, 30_000_000), default=1000, help="how many (default 1000)")
    entry.add_argument("--seed", type=int, default=1, help="the same seed writes the same file")
    entry.add_argument("--bad", type=whole(0, 1_000_000), default=0, help="one row in so many has a fault")
    text = "check the copy of a licence on standard input"
    top.group("copies", "copies of licences for one purpose").leaf("check", credential_commands.copies_check, text)


def _add_terminals(top: Commands) -> None:
    terminals = top.group("terminals", "terminals and back ends")
    terminals.leaf("list", terminal_commands.terminals_list, "list them")
    entry = terminals.leaf("add", terminal_commands.terminals_add, "add a terminal to a place")
    entry.add_argument("terminal", help="new identifier: letters, digits and dashes")
    entry.add_argument("--place", required=True, help="identifier of the place")
    entry.add_argument("--name", required=True, help="name for people")
    for name, act, text in (
        ("enrol", terminal_commands.terminals_enrol, "make a one-time enrolment code, good for ten minutes"),
        ("suspend", terminal_commands.terminals_suspend, "refuse everything from it, at once"),
        ("resume", terminal_commands.terminals_resume, "let it act again"),
    ):
        entry = terminals.leaf(name, act, text)
        entry.add_argument("terminal", help="identifier")
        if act is terminal_commands.terminals_enrol:
            drawn = f"draw the link as a QR code too: a new PNG file, or {terminal_commands.CONSOLE} for a dark console"
            entry.add_argument("--qr", metavar="FILE", help=drawn)
    text = "account for every scan that terminals have numbered; exits with 1 when one is missed"
    terminals.leaf("reconcile", terminal_commands.terminals_reconcile, text)
    back_ends = top.group("back-ends", "servers of partners, OAuth 2 clients with a key of their own")
    entry = back_ends.leaf("add", terminal_commands.back_ends_add, "add a back end to a place; then enrol-back-end")
    entry.add_argument("client", help="new identifier: letters, digits and dashes")
    entry.add_argument("--place", required=True, help="identifier of the place that it acts for")
    entry.add_argument("--name", required=True, help="name for people")
    entry.add_argument("--scope", required=True, nargs="+", help="what it may do, as verify or statements:read")
    enrol = top.leaf("enrol-back-end", commands.enrol_back_end, "make a key for a back end and enrol it")
    token = top.leaf("assertion", commands.assertion, "sign a client assertion (RFC 7523), for trying the partner API")
    for entry, text in ((enrol, "PEM file to write"), (token, "PEM file of its private key")):
        entry.add_argument("client", help="identifier of the back end")
        entry.add_argument("--key", type=Path, required=True, help=text)


def _add_scans(top: Commands) -> None:
    scans = top.group("scans", "scans that somebody has to look at")
    marked = scans.leaf("marked", terminal_commands.scans_marked, "list scans that stand although something is wrong")
    marked.add_argument("--mark", choices=terminal_commands.MARKS, help="those under one mark")
    held = scans.leaf("quarantined", terminal_commands.scans_quarantined, "list uploaded items that became no scans")
    for entry in (marked, held):
        entry.add_argument("--since", type=day, default=0, metavar="DAY", help="found since a day, as 2026-01-31")
        entry.add_argument("--limit", type=whole(1, 10_000), default=100, help="how many (default 100)")


def _add_keys(top: Commands) -> None:
    keys = top.group("keys", "keys (the ceremony itself is `python -m keys`)")
    keys.leaf("list", commands.keys_list, "list the keys of the trust list in force")
    audit = top.group("audit", "the audit log")
    audit.leaf("check", commands.audit_check, "rebuild the tree and compare it with every signed checkpoint")


def _add_vault(top: Commands) -> None:
    vault = top.group("vault", "the keys of personal data")
    made = vault.leaf("new", vault_commands.new, "make a vault file, and a master key where there is none")
    vault.leaf("show", vault_commands.show, "show every key and how many values are under it")
    rotated = vault.leaf("rotate", vault_commands.rotate, "make a new data key; the old ones go on opening")
    text = f"seconds until it writes, in which every worker must get to see it (default {ACTIVE_AFTER})"
    rotated.add_argument("--after", type=whole(2, 30 * 24 * 3600), default=ACTIVE_AFTER, help=text)
    vault.leaf("reseal", vault_commands.reseal_all, "seal every row anew under the newest keys; may be broken off")
    retired = vault.leaf("retire", vault_commands.retire, "destroy a key under which there is nothing any more")
    retired.add_argument("version", type=whole(FIRST_VERSION, LAST_VERSION), help="version of the key")
    vault.leaf("rewrap", vault_commands.rewrap, "renew the master key; touches no row")
    for entry in (made, rotated):
        entry.add_argument("--suite", choices=vault_commands.SUITE_NAMES, help="cipher and hash, if another one")
    for entry in (rotated, retired):
        entry.add_argument("--index", action="store_true", help="the key of the blind indexes, not of the data")


def _add_signer(top: Commands) -> None:
    signer = top.group("signer", "a process of its own that holds the signing keys")
    process = signer.leaf(
        "run", signer_commands.run, "answer requests to sign, of what its rules permit; until stopped"
    )
    process.add_argument(
        "--socket", type=Path, required=True, help="Unix socket to answer on; workers name it process:PATH"
    )
    process.add_argument(
        "--at", metavar="ADDRESS", help="where the private keys are, file: or pkcs11: (the folder's own)"
    )
    process.add_argument("--keys", type=Path, metavar="FOLDER", help="folder with the trust list (default CITY_KEYS)")
    process.add_argument("--passphrase-file", type=Path, help="passphrase or PIN (default CITY_PASSPHRASE_FILE)")
    process.add_argument("--origin", help="address of the service, the issuer of its tokens (default CITY_ORIGIN)")
    text = "user who may ask, by name or number; again for more (default: who runs this)"
    process.add_argument("--allow", type=signer_commands.user, action="append", metavar="USER", help=text)
    text = "at most so many signatures in a minute and an hour, for example grant=600/20000"
    process.add_argument("--quota", type=signer_commands.quota, action="append", default=[], metavar="QUOTA", help=text)
    shown = signer.leaf("intents", signer_commands.intents, "count what was signed, and show the newest")
    shown.add_argument("--limit", type=whole(0, 10_000), default=20, help="how many of the newest (default 20)")
    checked = signer.leaf("check", signer_commands.check, "compare what was signed with the record of the city")
    for entry in (process, shown, checked):
        entry.add_argument("--journal", type=Path, required=True, help="file of the intents")


def _add_officers(top: Commands) -> None:
    officers = top.group("officers", "people of authorities, who decide by two")
    text = "add an officer; standard input has the ID number and the name, one a line"
    added = officers.leaf("add", officer_commands.officers_add, text)
    enrolled = officers.leaf("enrol", officer_commands.officers_enrol, "print a one-time code for an officer's own key")
    suspended = officers.leaf("suspend", officer_commands.officers_suspend, "refuse everything from an officer")
    for entry in (added, enrolled, suspended):
        entry.add_argument("officer", help="identifier, at most 24 characters")
    added.add_argument("--authority", required=True, help="identifier of the authority")
    added.add_argument("--duty", required=True, action="append", choices=officer_commands.DUTIES, help="again for more")
    officers.leaf("list", officer_commands.officers_list, "list officers, masked")
    health = top.group("health", "the end of a health emergency; no command gives anybody a status")
    text = "destroy what the emergency has gathered, after two people have ended it; signs a certificate"
    health.leaf("purge", officer_commands.health_purge_all, text)
    health.leaf("certificates", officer_commands.health_certificates, "verify every certificate of destruction")


def _add_emergencies(top: Commands) -> None:
    emergencies = top.group("emergencies", "emergency accesses of hospitals, each reviewed by a second person")
    text = "list those that wait for their review; exits with 1 when one is late"
    entry = emergencies.leaf("list", emergency_access_commands.emergencies_list, text)
    entry.add_argument("--limit", type=whole(1, 10_000), default=100, help="how many (default 100)")
    text = "show one with what the clinician wrote; reading it is audited"
    shown = emergencies.leaf("show", emergency_access_commands.emergencies_show, text)
    text = "review one as a second person; the holder is told"
    reviewed = emergencies.leaf("review", emergency_access_commands.emergencies_review, text)
    for entry in (shown, reviewed):
        entry.add_argument("emergency", help="identifier")
        entry.add_argument("--reviewer", required=True, metavar="OFFICER", help="who looks at it: another person")
    reviewed.add_argument("--verdict", required=True, choices=emergency_access_commands.VERDICTS, help="the finding")
    reviewed.add_argument("--note", required=True, help="why; kept with the access")


def _add_holders(top: Commands) -> None:
    disputes = top.group("disputes", "what holders object to in records of their scans")
    text = "list those that wait for an answer; exits with 1 when one is late"
    entry = disputes.leaf("list", holder_commands.disputes_list, text)
    entry.add_argument("--limit", type=whole(1, 10_000), default=100, help="how many (default 100)")
    answered = disputes.leaf("answer", holder_commands.disputes_answer, "answer one, once; the holder is told")
    answered.add_argument("dispute", help="identifier")
    answered.add_argument("--verdict", required=True, choices=("upheld", "rejected"), help="the finding")
    answered.add_argument("--reply", required=True, help="what the holder reads")
    exports = top.group("exports", "files that holders have taken away")
    verified = exports.leaf("verify", holder_commands.exports_verify, "check that this city wrote a file, as it is")
    verified.add_argument("file", type=Path, help="the file")
