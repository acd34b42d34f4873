"""Structured logs: one JSON line an event, from a list of permitted fields, so that nothing personal slips in."""

import json
import logging
import sys
import time

ALLOWED = frozenset(
    {
        "event",
        "method",
        "route",
        "status",
        "milliseconds",
        "trace",
        "client",
        "kind",
        "count",
        "size",
        "version",
        "where",
    }
)
"""The fields that may be logged. Codes, names, numbers, phones, tokens and query strings are not among them."""


_LONGEST = 500
"""Characters of the longest value in a line."""


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON; line breaks inside values are escaped by JSON itself."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the permitted fields; of an exception only its type and where it was raised, never its words."""
        line: dict[str, object] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        fields = getattr(record, "fields", None)
        if fields is None:
            line["event"] = record.getMessage()[:_LONGEST]
        else:
            line |= {name: _cut(value) for name, value in fields.items() if name in ALLOWED}
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = type(record.exc_info[1]).__name__
            line["where"] = _where(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True, default=str)


def configure(level: int = logging.INFO) -> None:
    """Send every log of the process to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def event(name: str, **fields: object) -> None:
    """Log one event with permitted fields."""
    logging.getLogger("codeservice").info(name, extra={"fields": {"event": name, **fields}})


def _where(error: BaseException) -> list[str]:
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append(f"{traceback.tb_frame.f_code.co_name}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    return frames[-8:]


def _cut(value: object) -> object:
    return value[:_LONGEST] if isinstance(value, str) else value
