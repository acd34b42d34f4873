"""Revoking, suspending and restoring grants: the record first, the cache after it, the audit entry with it."""

from collections.abc import Callable

from codeservice.services import Services
from codeservice.status import Status
from codeservice.store import audit, grant
from codeservice.store.database import Connection


def change_status(
    services: Services,
    choose: Callable[[Connection], list[grant.IssuedGrant]],
    status: Status,
    *,
    cause: str,
    actor: str,
) -> list[grant.IssuedGrant]:
    """Give the chosen grants another status in one transaction and return them.

    When this returns, no online verifier accepts a revoked grant: each asks the record in its own transaction. The
    cache is told afterwards and may fail. Raises ConflictError when a change is not allowed.
    """
    now = services.clock()

    def work(connection: Connection) -> list[grant.IssuedGrant]:
        chosen = choose(connection)
        grant.change(connection, chosen, status, cause=cause, now=now)
        audit.add(
            connection,
            at=now,
            actor=actor,
            action=f"grants_{status.name.lower()}",
            subject=f"grants:{len(chosen)}",
            details={"cause": cause, "places": [[entry.list, entry.idx] for entry in chosen[:50]]},
        )
        return chosen

    changed = services.database.transact(work)
    if status is Status.REVOKED:
        services.revoked.add((entry.list, entry.idx) for entry in changed)
    return changed
