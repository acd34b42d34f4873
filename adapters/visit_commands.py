"""What each command for the accounts of scenic spots and venues does."""

import argparse

from codeservice.city import city_day
from codeservice.commands import CommandError, Result, services_of
from codeservice.spreadsheet import write_rows
from codeservice.store import client, scan, ticket
from codeservice.visiting import account_of

_LONGEST_STAY = 31 * 24 * 3600


def statement(options: argparse.Namespace) -> Result:
    """Say what a place sold, gave back and let in on a day, and whether it balances."""
    services, day = services_of(options), city_day(options.day)
    # Whoever drives out may have driven in weeks ago.
    span = options.day - _LONGEST_STAY, options.day + 24 * 3600
    with services.database.read() as connection:
        place = next((entry for entry in client.every_place(connection) if entry.id == options.place), None)
        if place is None:
            raise CommandError("there is no such place")
        sales = ticket.sales(connection, place.id, day)
        booked = ticket.sold(connection, place.id, day)
        by_sales = ticket.people_sold(connection, place.id, day)
        passages = scan.passages_at(connection, place.id, span)
    account = account_of(passages, since=options.day)
    rows: list[tuple[str, str, int, int]] = [(entry.kind, entry.code, entry.people, entry.cents) for entry in sales]
    rows += [("entered", code, people, cents) for code, (people, cents) in sorted(account.entered.items())]
    rows += [("entered again", "", account.again, 0), ("left", "", account.left, account.stay_cents)]
    if options.out is not None:
        head = [("place", place.id, "day", day), ("kind", "code", "people", "fen")]
        options.out.write_bytes(write_rows([*head, *rows]))
    net = sum(-entry.cents if entry.kind == "refund" else entry.cents for entry in sales)
    data = {
        "place": place.id,
        "day": day,
        "rows": [dict(zip(("kind", "code", "people", "cents"), row, strict=True)) for row in rows],
        "net_cents": net,
        "fees_cents": sum(cents for _, cents in account.entered.values()) + account.stay_cents,
        "booked": booked,
        "balances": booked == by_sales,
    }
    lines = [f"{kind:<14} {code:<14} {people:>7} {cents / 100:>12.2f}" for kind, code, people, cents in rows]
    verdict = "balances" if booked == by_sales else f"DOES NOT BALANCE: {by_sales} by the accounts"
    return Result(data, [*lines, f"net {net / 100:.2f}; {booked} people hold tickets for {day}: {verdict}"])
