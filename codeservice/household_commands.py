"""What each command about ties of households does."""

import argparse

from codeservice import tying
from codeservice.commands import ACTOR, Result, services_of
from codeservice.credential import IdNumber, mask_name
from codeservice.household import TieState
from codeservice.services import Services
from codeservice.store import audit, household, person
from codeservice.store.database import Connection
from codeservice.store.household import Tie

STATES = [state.value for state in TieState]


def household_list(options: argparse.Namespace) -> Result:
    """List ties in a state, the oldest first; masked, and whether anybody is known by what was typed."""
    services = services_of(options)
    with services.database.read() as connection:
        ties = household.in_state(connection, TieState(options.state), limit=options.limit)
        data = [_shown(services, connection, tie) for tie in ties]
    lines = [
        f"{tie['id']}  {tie['kind']:<18} {tie['state']:<15} {tie['guardian']} -> {tie['dependant']}"
        f"{'' if tie['matched'] else '  (nobody is known by this name and number)'}"
        for tie in data
    ]
    return Result(data, lines or ["There is none."])


def household_show(options: argparse.Namespace) -> Result:
    """Show what was typed for one tie in full, to compare it with documents; the look goes into the audit log."""
    services = services_of(options)

    def work(connection: Connection) -> dict[str, object]:
        tie = household.find(connection, options.tie)
        typed = household.typed(connection, services.vault, tie.id)
        details: dict[str, object] = {"reason": options.reason}
        subject = f"tie:{tie.id}"
        audit.add(
            connection, at=services.clock(), actor=ACTOR, action="tie_looked_at", subject=subject, details=details
        )
        name, id_number = typed or (None, None)
        return _shown(services, connection, tie) | {"typed_name": name, "typed_id_number": id_number}

    data = services.database.transact(work)
    return Result(data, [f"{name:<16} {value}" for name, value in data.items()])


def household_review(options: argparse.Namespace) -> Result:
    """Decide on a tie that waits for an officer."""
    services = services_of(options)
    accepted = options.decision == "accept"
    tie = tying.review(services, options.tie, accepted=accepted, actor=ACTOR, reason=options.reason)
    return Result({"tie": tie.id, "state": tie.state.value}, [f"The tie is {tie.state.value}; both sides are told."])


def household_remove(options: argparse.Namespace) -> Result:
    """End a tie by a court's decision; it is refused from this moment on."""
    services = services_of(options)
    revoked = tying.remove_by_court(services, options.tie, actor=ACTOR, reason=options.reason)
    return Result({"tie": options.tie, "revoked": revoked}, [f"The tie has ended; {revoked} grants were revoked."])


def household_died(options: argparse.Namespace) -> Result:
    """End every tie of a person who was struck off the register."""
    services = services_of(options)
    ended = tying.end_for_death(services, options.person, actor=ACTOR)
    return Result({"person": options.person, "ended": ended}, [f"{ended} ties have ended."])


def _shown(services: Services, connection: Connection, tie: Tie) -> dict[str, object]:
    typed = household.typed(connection, services.vault, tie.id)
    dependant = None
    if typed is not None:
        dependant = f"{mask_name(typed[0])} {IdNumber(typed[1]).masked}"
    elif tie.dependant is not None:
        dependant = _masked(services, connection, tie.dependant)
    return {
        "id": tie.id,
        "kind": tie.kind.value,
        "state": tie.state.value,
        "reason": None if tie.reason is None else tie.reason.value,
        "guardian": _masked(services, connection, tie.guardian),
        "dependant": dependant,
        "matched": tie.dependant is not None,
        "requested": tie.requested,
    }


def _masked(services: Services, connection: Connection, holder: str) -> str:
    found = person.find_holder(connection, services.vault, holder)
    return f"{mask_name(found.name)} {found.id_number.masked}"
