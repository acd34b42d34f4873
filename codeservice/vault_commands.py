"""What each command for the keys of personal data does."""

import argparse
import sys
from dataclasses import dataclass

from codeservice import one_machine
from codeservice.app import open_vault, vault_file_of
from codeservice.commands import ACTOR, CommandError, Result
from codeservice.resealing import reseal
from codeservice.settings import Settings, settings_from
from codeservice.store import audit, sealed
from codeservice.store.database import Connection, Database
from keys.envelope import VaultFile
from keys.suite import AES_256_GCM, SUITES, suite_named
from keys.vault import Use, VaultKeys

SUITE_NAMES = tuple(SUITES)
_MANY_FIELDS = 1 << 31
"""Values under one data key from which `show` asks for a new one: half of what GCM would bear with one key for all."""


@dataclass(frozen=True)
class _Vault:
    settings: Settings
    file: VaultFile
    database: Database
    now: int


def new(options: argparse.Namespace) -> Result:
    """Make a vault file, and a master key where there is none."""
    settings = _settings(options)
    suite = suite_named(options.suite or AES_256_GCM.name)
    vault_file_of(settings).create(suite)
    data = {"vault": str(settings.vault_file), "master_key": settings.master_key, "suite": suite.name}
    return Result(data, [f"{settings.vault_file} is wrapped by {settings.master_key}. Keep backups of the two apart."])


def show(options: argparse.Namespace) -> Result:
    """Show every key with the number of values under it."""
    vault = _open(options)
    keys = vault.file.keys()
    with vault.database.read() as connection:
        data = {use.value: _described(connection, keys, use, vault.now) for use in Use}
    lines = [
        f"{use:5}  {key['version']:3}  {key['suite']:11}  {key['state']:6}  {key['values']} values"
        for use, described in data.items()
        for key in described
    ]
    full = any(int(str(key["values"])) >= _MANY_FIELDS for key in data[Use.DATA])
    if full:
        lines.append("A data key is under half of what it may ever seal: rotate and reseal.")
    return Result(data, lines, good=not full)


def rotate(options: argparse.Namespace) -> Result:
    """Make a new data key or index key, which writes after all workers have seen it."""
    vault = _open(options)
    use = _use(options)
    suite = suite_named(options.suite) if options.suite else None

    with vault.database.write() as connection:
        made = vault.file.rotate(use, suite, now=vault.now, after=options.after)
        _note(connection, vault, "vault_key_made", use, made.version)
    data = {"use": use.value, "version": made.version, "suite": made.suite.name, "active_from": made.active_from}
    line = f"{use} key {made.version} ({made.suite.name}) writes in {options.after} s; then run `vault reseal`."
    return Result(data, [line])


def reseal_all(options: argparse.Namespace) -> Result:
    """Bring every row under the newest keys."""
    vault = _open(options)
    waits = [keys[-1] for keys in map(vault.file.keys().of, Use) if keys[-1].active_from > vault.now]
    if waits:
        seconds = max(key.active_from for key in waits) - vault.now
        raise CommandError(f"a new key has not begun to write; run this again in {seconds} s")
    done = reseal(vault.database, open_vault(vault.settings, options.clock), progress=_show_progress)
    with vault.database.write() as connection:
        details: dict[str, object] = {"rows": done.rows, "waiting": done.waiting}
        audit.add(connection, at=vault.now, actor=ACTOR, action="vault_resealed", subject="vault", details=details)
    lines = [f"{done.rows} rows were sealed anew; {done.waiting} wait."]
    lines += [f"{row} does not open: its ciphertext was changed or moved." for row in done.unreadable]
    lines += [f"{row} is held by another row with the same number: join the two." for row in done.doubled]
    data = {"rows": done.rows, "waiting": done.waiting, "unreadable": done.unreadable, "doubled": done.doubled}
    return Result(data, lines, good=not done.waiting)


def retire(options: argparse.Namespace) -> Result:
    """Destroy a key under which there is nothing any more."""
    vault = _open(options)
    use = _use(options)
    with vault.database.read() as connection:
        held = sealed.count_versions(connection, use)[options.version]
    if held:
        raise CommandError(f"{held} values are under {use} key {options.version}; {_HOW_TO_EMPTY[use]}")
    with vault.database.write() as connection:
        vault.file.retire(use, options.version, now=vault.now)
        _note(connection, vault, "vault_key_retired", use, options.version)
    return Result({"use": use.value, "retired": options.version}, [f"{use} key {options.version} is gone for ever."])


def rewrap(options: argparse.Namespace) -> Result:
    """Renew the master key; touches no row."""
    vault = _open(options)
    with vault.database.write() as connection:
        vault.file.rewrap()
        audit.add(connection, at=vault.now, actor=ACTOR, action="vault_rewrapped", subject="vault", details={})
    return Result({"rewrapped": True}, ["Every key is wrapped by a new master key; the old one is gone for ever."])


_HOW_TO_EMPTY = {
    Use.DATA: "run `vault reseal`",
    Use.INDEX: "run `vault reseal`; what asked for a scan or a password goes when its row has had its time",
}


def _described(connection: Connection, keys: VaultKeys, use: Use, now: int) -> list[dict[str, object]]:
    counts, active = sealed.count_versions(connection, use), keys.active(use, now).version
    known: list[dict[str, object]] = [
        {
            "version": key.version,
            "suite": key.suite.name,
            "state": "writes" if key.version == active else "reads" if key.version < active else "waits",
            "active_from": key.active_from,
            "values": counts.pop(key.version, 0),
        }
        for key in keys.of(use)
    ]
    lost: list[dict[str, object]] = [
        {"version": version, "suite": "", "state": "lost", "values": count} for version, count in counts.items()
    ]
    return [*known, *lost]


def _note(connection: Connection, vault: _Vault, action: str, use: Use, version: int) -> None:
    subject = f"vault:{use}:{version}"
    audit.add(connection, at=vault.now, actor=ACTOR, action=action, subject=subject, details={})


def _show_progress(done: int, rows: int) -> None:
    print(f"  resealed: {done} of {rows} rows", end="\n" if done == rows else "\r", file=sys.stderr, flush=True)


def _use(options: argparse.Namespace) -> Use:
    return Use.INDEX if options.index else Use.DATA


def _settings(options: argparse.Namespace) -> Settings:
    return settings_from(one_machine.environment_of(options.data.resolve(), options.environment))


def _open(options: argparse.Namespace) -> _Vault:
    settings = _settings(options)
    file = vault_file_of(settings)
    file.keys()
    database = Database(settings.database)
    options.opened.append(database)
    return _Vault(settings, file, database, options.clock())
