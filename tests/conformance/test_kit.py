"""The conformance kit: it passes a right reader, fails a wrong one, and takes no silence for consent."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codeservice.reason import Reason
from conformance.__main__ import VECTORS, main
from conformance.kit import Answer, KitError, Vector, ask, read_vectors
from tests.wallet.core.javascript import node

ROOT = Path(__file__).resolve().parents[2]
READER = (sys.executable, "-m", "conformance.reader")
WRONG_READER = (sys.executable, "-m", "conformance.skips_second_signature")

EXPECT = Answer("refused", "malformed")
VECTOR = Vector("bad/x.json", "a text", "a\r\n数", {"now": 1}, EXPECT)
SAYS_MALFORMED = """print('{"decision": "refused", "reason": "malformed"}')"""

MakeVectors = Callable[..., Path]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are started where the project stands."""
    monkeypatch.chdir(ROOT)


@pytest.fixture
def some_vectors(tmp_path: Path) -> MakeVectors:
    """Copies the vectors that pass a test into a folder of their own."""

    def copy(wanted: Callable[[Vector], bool]) -> Path:
        paths = [vector.path for vector in read_vectors(VECTORS) if wanted(vector)]
        for path in ("trust.json", *paths):
            (tmp_path / path).parent.mkdir(exist_ok=True)
            shutil.copy(VECTORS / path, tmp_path / path)
        (tmp_path / "manifest.json").write_text(json.dumps({"format": 1, "vectors": paths}))
        return tmp_path

    return copy


def python(code: str) -> list[str]:
    """Return a program of one line of Python."""
    return [sys.executable, "-S", "-c", code]


@pytest.mark.parametrize(
    "reader",
    [
        pytest.param(lambda: READER, id="Python"),
        pytest.param(lambda: (node(), "conformance/reader.mjs"), id="JavaScript"),
    ],
)
def test_the_kit_passes_each_reader_of_ours_over_all_vectors(
    reader: Callable[[], tuple[str, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--", *reader()]) == 0
    count = len(read_vectors(VECTORS))
    assert capsys.readouterr().out == f"{count} vectors: {count} agree, 0 do not\n"


def test_the_kit_fails_a_reader_that_skips_the_second_signature(
    some_vectors: MakeVectors, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It fails at every vector of a bad second signature, and nowhere else."""
    forged = Answer("refused", Reason.BAD_HOLDER_PROOF)
    folder = some_vectors(lambda vector: vector.expect == forged or vector.path.startswith("good/device"))
    bad = {vector.path for vector in read_vectors(folder) if vector.expect == forged}
    assert bad
    assert main(["run", "--vectors", str(folder), "--json", str(tmp_path / "report.json"), "--", *WRONG_READER]) == 1
    report = json.loads((tmp_path / "report.json").read_text())
    assert {failed["vector"] for failed in report["failed"]} == bad
    assert all(failed["got"] == {"decision": "accepted", "reason": None} for failed in report["failed"])
    assert report["agree"] == report["vectors"] - len(bad) > 0
    assert all(path in capsys.readouterr().out for path in sorted(bad)[:1])


def test_a_program_gets_the_text_alone_and_the_context_in_a_file() -> None:
    checks = f"""
import json, sys
assert sys.stdin.buffer.read() == {VECTOR.text.encode()!r}
assert json.load(open(sys.argv[-1])) == {{"now": 1}}, sys.argv
{SAYS_MALFORMED}
"""
    assert ask(python(checks), VECTOR).agrees


def test_the_context_tells_nothing_of_what_is_expected() -> None:
    for vector in read_vectors(VECTORS):
        assert vector.context.keys() == {"guide", "now", "policy", "document_checked", "status", "used", "trust"}
        assert vector.context["trust"].keys() == {"list", "roots", "threshold"}


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        pytest.param("pass", "not one JSON object", id="silence"),
        pytest.param("print('accepted')", "not one JSON object", id="a word"),
        pytest.param(f"{SAYS_MALFORMED};{SAYS_MALFORMED}", "not one JSON object", id="two answers"),
        pytest.param("""print('{"decision": "refused"}')""", "the output is not", id="no reason"),
        pytest.param("""print('{"decision": "refused", "reason": 1}')""", "the output is not", id="a number"),
        pytest.param(SAYS_MALFORMED.replace("}", ', "more": 1}'), "the output is not", id="more than asked"),
        pytest.param(f"{SAYS_MALFORMED};raise SystemExit('out of paper')", "exit code 1: out of paper", id="exit"),
        pytest.param("import time;time.sleep(60)", "no answer within", id="sleep"),
        pytest.param("import os;os.fork() or os.setsid();import time;time.sleep(3)", "no answer within", id="children"),
    ],
)
def test_a_program_that_does_not_answer_does_not_agree(code: str, fault: str) -> None:
    result = ask(python(code), VECTOR, seconds=1 if "sleep" in code else 60)
    assert fault in str(result.fault)
    assert not result.agrees


@pytest.mark.parametrize("answer", [Answer("refused", "expired"), Answer("refused", None), Answer("accepted", None)])
def test_another_decision_or_reason_does_not_agree(answer: Answer) -> None:
    result = ask(python(f"print({json.dumps(vars(answer))!r})"), VECTOR)
    assert result.got == answer
    assert not result.agrees


def test_a_program_that_cannot_start_is_no_reader() -> None:
    assert main(["run", "--", "/no/such/program"]) == 2


@pytest.mark.parametrize(
    ("file", "change"),
    [
        pytest.param("manifest.json", {"format": 2}, id="another format"),
        pytest.param("manifest.json", {"vectors": []}, id="no vectors"),
        pytest.param("manifest.json", {"vectors": ["good/missing.json"]}, id="a missing vector"),
        pytest.param("good/device.json", {"expect": {"decision": "perhaps", "reason": None}}, id="unknown decision"),
        pytest.param("good/device.json", {"trust": "none"}, id="an unknown trust list"),
    ],
)
def test_vectors_that_the_kit_does_not_understand_stop_it(
    some_vectors: MakeVectors, file: str, change: dict[str, Any]
) -> None:
    folder = some_vectors(lambda vector: vector.path == "good/device.json")
    (folder / file).write_text(json.dumps(json.loads((folder / file).read_text()) | change))
    with pytest.raises(KitError):
        read_vectors(folder)
    assert main(["run", "--vectors", str(folder), "--", *READER]) == 2


def test_a_reader_of_one_suite_is_tried_with_that_suite_alone() -> None:
    every = read_vectors(VECTORS)
    parts = [read_vectors(VECTORS, suite=suite) for suite in ("ES256", "SM2")]
    assert all(parts)
    assert {vector.path for part in parts for vector in part} == {vector.path for vector in every}
    assert sum(map(len, parts)) == len(every)
    with pytest.raises(KitError):
        read_vectors(VECTORS, suite="RSA")
