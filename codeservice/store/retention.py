"""Retention: what is deleted, and when."""

from collections import Counter

from sqlalchemy import ColumnElement, Connection, delete, true, update
from sqlalchemy.orm import InstrumentedAttribute

from codeservice.city import city_day
from codeservice.store import status_list
from codeservice.store.models import (
    BindingTicket,
    Challenge,
    DigitHandle,
    FirstUse,
    HallApplication,
    HallReview,
    HallVisit,
    InsuranceToken,
    MedicineRegistration,
    MedicineSale,
    Message,
    Moment,
    Prescription,
    Quarantine,
    Redemption,
    Scan,
    ScanDispute,
    Session,
    Stream,
    Table,
    Ticket,
    UsedAssertion,
    VenuePassage,
    VisitPass,
)
from codeservice.store.quarantine import counts_as_received

FIRST_USE_LIFE = 3 * 24 * 3600
"""Seconds a used code is remembered: its window is 120 seconds at most, and its grant lives 72 hours at most."""

SCAN_LIFE = 180 * 24 * 3600
"""Seconds a scan is kept: long enough to settle and to dispute, not long enough for a history of movements."""

_STREAM_LIFE = 3 * SCAN_LIFE
"""Seconds after its last upload in which a stream is known: when it is forgotten, all its scans are past their time."""

_MESSAGE_LIFE = 24 * 3600
_MOMENT_LIFE = 24 * 3600
_ENTERED = "entered:"
"""Moments at which somebody drove into a car park: they are asked for when they drive out, days later."""

_TOKEN_REST = 24 * 3600
"""Seconds an insurance token is known after its end, so that its redemption can be answered again."""

_HANDLE_REST = 24 * 3600
"""Seconds an expired handle rests before its number may be drawn again."""


def purge(connection: Connection, *, now: int) -> int:
    """Delete rows that have had their time; returns how many."""
    rules: tuple[tuple[type[Table], ColumnElement[bool]], ...] = (
        (FirstUse, FirstUse.iat < now - FIRST_USE_LIFE),
        (UsedAssertion, UsedAssertion.expires < now),
        (InsuranceToken, InsuranceToken.expires < now - _TOKEN_REST),
        (BindingTicket, BindingTicket.expires < now),
        (Challenge, Challenge.created < now - 3600),
        (Session, Session.expires < now),
        (Message, Message.at < now - _MESSAGE_LIFE),
        (DigitHandle, DigitHandle.expires < now - _HANDLE_REST),
        (Moment, (Moment.at < now - _MOMENT_LIFE) & ~Moment.name.startswith(_ENTERED)),
        (Moment, Moment.at < now - SCAN_LIFE),
        (VenuePassage, VenuePassage.at < now - SCAN_LIFE),
        (Ticket, Ticket.day < city_day(now - SCAN_LIFE)),
        (VisitPass, VisitPass.ends < city_day(now - SCAN_LIFE)),
        (Stream, Stream.last_upload < now - _STREAM_LIFE),
        (MedicineRegistration, MedicineRegistration.expires <= now),
        (MedicineSale, MedicineSale.at < now - SCAN_LIFE),
        (Redemption, Redemption.at < now - SCAN_LIFE),
        (Prescription, Prescription.expires < now - SCAN_LIFE),
        (ScanDispute, ScanDispute.at < now - SCAN_LIFE),
        (HallApplication, HallApplication.asked < now - SCAN_LIFE),
        (HallReview, HallReview.at < now - SCAN_LIFE),
        (HallVisit, HallVisit.drawn < now - SCAN_LIFE),
    )
    # What a holder has consented to goes with the consent, fetched or not.
    over = HallApplication.expires <= now
    connection.execute(update(HallApplication).where(over).values(values_sealed=None))
    withdrawn = status_list.withdraw(connection, now=now)
    deleted = _delete_numbered(connection, Scan, Scan.at < now - SCAN_LIFE, Stream.deleted_scans)
    deleted += _delete_numbered(connection, Quarantine, Quarantine.received < now - SCAN_LIFE, Stream.deleted_items)
    return withdrawn + deleted + sum(connection.execute(delete(table).where(rule)).rowcount for table, rule in rules)


def _delete_numbered(
    connection: Connection,
    table: type[Scan] | type[Quarantine],
    rule: ColumnElement[bool],
    counter: InstrumentedAttribute[int],
) -> int:
    """Delete rows that may have a number of a stream, and go on counting those; returns how many."""
    stands = counts_as_received() if table is Quarantine else true()
    rows = connection.execute(delete(table).where(rule).returning(table.client, table.stream, stands))
    counts = Counter((client, stream, stood) for client, stream, stood in rows)
    for (client, stream, stood), count in counts.items():
        if stream is not None and stood:
            connection.execute(
                update(Stream)
                .where(Stream.client == client, Stream.stream == stream)
                .values({counter: counter + count})
            )
    return counts.total()
