"""Logs: one line an event, permitted fields only, never the words of an error."""

import json
import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice import logs
from codeservice.logs import ALLOWED, JsonLines
from tests.makers import make_code

ID_NUMBER = "11010519491231002X"


def record(
    message: str = "", *arguments: object, error: BaseException | None = None, fields: dict[str, object] | None = None
) -> logging.LogRecord:
    """Make a log record; `fields` are those of an event of the service."""
    raised = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord("codeservice", logging.INFO, __file__, 1, message, arguments, raised)
    if fields is not None:
        made.fields = fields
    return made


def event(**fields: object) -> logging.LogRecord:
    return record(fields={"event": "request"} | fields)


def line_of(made: logging.LogRecord) -> dict[str, object]:
    text = JsonLines().format(made)
    assert "\n" not in text
    line: dict[str, object] = json.loads(text)
    return line


def test_an_event_is_one_line_with_its_fields() -> None:
    line = line_of(event(route="/scan/v1/<scene>", status=200))
    assert (line["event"], line["route"], line["status"]) == ("request", "/scan/v1/<scene>", 200)
    assert (line["level"], line["logger"]) == ("info", "codeservice")


@pytest.mark.parametrize(
    "field", ["code", "name", "phone", "id_number", "token", "query", "authorization", "body", "url"]
)
def test_a_field_that_is_not_permitted_is_dropped(field: str) -> None:
    assert field not in ALLOWED
    assert ID_NUMBER not in json.dumps(line_of(event(**{field: ID_NUMBER})))


@given(st.text(max_size=40))
def test_no_text_breaks_the_line(text: str) -> None:
    assert line_of(event(client=text))["client"] == text
    assert line_of(record("%s", text))["event"] == text


@pytest.mark.parametrize(
    "text",
    ["\r\n", '{"level":"error"}\n', "\x1b[31mred", "\u2028", "\0", '"', "\u202e"],
    ids=["CRLF", "JSON", "ANSI", "line separator", "NUL", "quote", "right to left"],
)
def test_injected_text_is_escaped(text: str) -> None:
    written = JsonLines().format(event(client=text))
    assert written.isascii()
    assert written.isprintable()


@pytest.mark.parametrize("field", ["client", "route", "trace"])
def test_a_megabyte_in_a_field_is_cut(field: str) -> None:
    assert len(JsonLines().format(event(**{field: "x" * 1_000_000}))) < 10_000


def test_a_megabyte_in_a_message_is_cut() -> None:
    assert len(JsonLines().format(record("%s", "x" * 1_000_000))) < 10_000


def test_an_error_is_told_by_type_and_place_and_never_in_words() -> None:
    try:
        int(ID_NUMBER + make_code())
    except ValueError as error:
        line = line_of(record("failed", error=error))
    assert line["exception"] == "ValueError"
    assert str(line["where"]).startswith("['test_an_error_is_told")
    assert ID_NUMBER not in json.dumps(line)


def test_an_object_in_a_field_does_not_stop_the_log() -> None:
    assert line_of(event(kind=object()))["event"] == "request"


def test_an_event_goes_to_the_log_of_the_service(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "codeservice"):
        logs.event("sealed", count=3)
    assert vars(caplog.records[-1])["fields"] == {"event": "sealed", "count": 3}


def test_every_log_of_the_process_goes_to_standard_error_as_json() -> None:
    program = "import logging; from codeservice import logs; logs.configure(); logging.getLogger('x').warning('a\\nb')"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(run.stderr)["event"] == "a\nb"
    assert (run.stdout, run.stderr.count("\n")) == ("", 1)
