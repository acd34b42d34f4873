"""News for connected terminals: a stream that stays open, and a long poll for those whose way allows no stream."""

import re
from contextlib import ExitStack

from flask import Blueprint, Response, current_app, request

from codeservice.errors import BadRequestError
from codeservice.events import FULL, POLL, Events
from codeservice.services import Services
from codeservice.store.events import News
from codeservice.web.operation import Answer, operation

door = Blueprint("events", __name__)

MEDIA = "text/event-stream"
_KNOWN = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)


class Newest(Answer, frozen=True):
    """The newest versions that can be fetched; 0 where nothing was published yet."""

    snapshot: int
    trust_list: int


@operation(door, "GET /events", media=MEDIA, problems=(FULL,))
def events(_services: Services) -> Response:
    """Hold the connection and tell, as server-sent events, the versions in force now and each newer one."""
    news = _events()
    holding = ExitStack()
    holding.enter_context(news.held())
    response = Response(news.lines(), mimetype=MEDIA)
    # Not in the generator: one that was never begun, for a HEAD, is never ended either.
    response.call_on_close(holding.close)
    response.headers["Cache-Control"] = "no-store"
    # nginx would collect the answer before it passes it on.
    response.headers["X-Accel-Buffering"] = "no"
    return response


@operation(door, "GET /events/next", returns=Newest, problems=(FULL, "bad_request"))
def next_event(_services: Services) -> Newest:
    """Answer as soon as a version is newer than `snapshot` or `trust_list` of the query, or within half a minute."""
    news = _events()
    known = News(_known("snapshot"), _known("trust_list"))
    with news.held():
        found = news.after(known, POLL)
    return Newest(found.snapshot, found.trust_list)


def _events() -> Events:
    found: Events = current_app.extensions["events"]
    return found


def _known(name: str) -> int:
    text = request.args.get(name, "0")
    if not _KNOWN.fullmatch(text):
        raise BadRequestError("bad_request")
    return int(text)
