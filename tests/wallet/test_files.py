"""The wallet's files: compressed, sent once, and small enough for a first visit on a slow network."""

import gzip

import pytest

from tests.conftest import City
from tests.running import ROOT
from tests.wallet.core.test_wallet_files import listed

MOST = 150_000
"""Bytes of a first visit. Headers are not counted: HTTP/2 sends repeated ones once."""


def test_a_first_visit_is_below_150_kilobytes(city: City) -> None:
    client = city.app.test_client()
    answers = [client.get(name, headers={"Accept-Encoding": "gzip"}) for name in listed("FILES")]
    assert {answer.status_code for answer in answers} == {200}
    assert sum(len(answer.data) for answer in answers) < MOST


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_file_is_the_same_in_both_forms_and_is_not_sent_again(city: City, encoding: str) -> None:
    client = city.app.test_client()
    headers = {"Accept-Encoding": encoding}
    answer = client.get("/wallet/static/app.js", headers=headers, buffered=True)
    content = gzip.decompress(answer.data) if encoding == "gzip" else answer.data
    assert content == (ROOT / "wallet" / "static" / "app.js").read_bytes()
    assert answer.headers.get("Content-Encoding") == ("gzip" if encoding == "gzip" else None)
    assert answer.headers["Vary"] == "Accept-Encoding"
    known = headers | {"If-None-Match": answer.headers["ETag"]}
    again = client.get("/wallet/static/app.js", headers=known, buffered=True)
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["../views.py", "no-such.js", "%2e%2e/views.py"])
def test_nothing_outside_the_folder_is_sent(city: City, name: str) -> None:
    assert city.app.test_client().get(f"/wallet/static/{name}").status_code == 404
