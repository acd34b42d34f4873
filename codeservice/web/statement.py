"""Statements of public transport for the back end of the operator that they are about, and for nobody else."""

from datetime import date

from flask import Blueprint, Response, request

from codeservice import statement
from codeservice.errors import BadRequestError, NotFoundError
from codeservice.services import Services
from codeservice.store import transit
from codeservice.web import bearer
from codeservice.web.operation import Answer, Security, operation

door = Blueprint("statement", __name__)

SCOPE = "statements:read"
JSON_LINES = "application/jsonl"


class StatementEntry(Answer, frozen=True):
    """One statement in a list; times in epoch seconds, totals in fen or how many."""

    id: str
    line: str
    day: str
    number: int
    made: int
    rows: int
    digest: str
    totals: dict[str, int]


class Statements(Answer, frozen=True):
    """Statements of one day, the supplements behind what they supplement."""

    statements: list[StatementEntry]


class Dispute(Answer, frozen=True):
    """One dispute with its decision; amounts in fen, `decided` in epoch seconds."""

    dispute: str
    line: str
    day: str
    ref: str
    stated: int
    claimed: int
    reason: str
    state: str
    answer: str
    decided: int | None


class Disputes(Answer, frozen=True):
    """Disputes of one day."""

    disputes: list[Dispute]


_PROBLEMS = ("token_required", "scope_required", "terminal_not_allowed")


@operation(
    door,
    "GET /api/v1/statements",
    returns=Statements,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*_PROBLEMS, "day_not_readable"),
)
def list_statements(services: Services) -> Statements:
    """List the caller's own statements of the day that the query names, as ?day=2026-01-31."""
    who, day = bearer.require(services, scope=SCOPE, now=services.clock()), _day()
    with services.database.read() as connection:
        found = transit.statements(connection, operator=who.client.partner, day=day)
    return Statements([_entry(each) for each in found])


@operation(
    door,
    "GET /api/v1/statements/<statement_id>",
    media=JSON_LINES,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*_PROBLEMS, "statement_not_found"),
)
def fetch_statement(services: Services, statement_id: str) -> Response:
    """Give a statement of one's own as JSON lines, or with ?format=csv as CSV; 404 for that of somebody else."""
    who = bearer.require(services, scope=SCOPE, now=services.clock())
    with services.database.read() as connection:
        found = transit.find_statement(connection, statement_id[:32], operator=who.client.partner)
    if found is None:
        raise NotFoundError("statement_not_found")
    if request.args.get("format") == "csv":
        return Response(statement.write_csv(statement.read(found.file), bom=True), mimetype="text/csv")
    return Response(found.file, mimetype=JSON_LINES)


@operation(
    door,
    "GET /api/v1/disputes",
    returns=Disputes,
    security=Security.BEARER,
    scope=SCOPE,
    problems=(*_PROBLEMS, "day_not_readable"),
)
def list_disputes(services: Services) -> Disputes:
    """List the caller's own disputes about the day that the query names, each with what was decided."""
    who, day = bearer.require(services, scope=SCOPE, now=services.clock()), _day()
    with services.database.read() as connection:
        found = transit.disputes(connection, operator=who.client.partner, day=day)
    names = Dispute.__struct_fields__
    return Disputes([Dispute(**{name: getattr(entry, name) for name in names}) for _, entry in found])


def _day() -> str:
    text = request.args.get("day", "")
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise BadRequestError("day_not_readable") from error
    if day != text:
        raise BadRequestError("day_not_readable")
    return day


def _entry(found: transit.StoredStatement) -> StatementEntry:
    read = statement.read(found.file)
    return StatementEntry(
        found.id,
        found.line,
        found.day,
        found.number,
        found.made,
        len(read.rows),
        read.header.digest,
        read.totals,
    )
