"""Posters as phones read them, without keys: the same as the service reads, and whether the phone is at the place."""

import json
import math
from itertools import product
from typing import Any

import pytest

from codeservice.location import STEPS
from codeservice.poster import PosterError, poster_payload, read_poster_payload
from keys.cbor import dumps, loads
from tests.running import ROOT
from tests.vectors.posters import FARTHEST, LOCATED, SCREEN, signed, written
from tests.wallet.core.javascript import in_node

VECTORS = json.loads((ROOT / "tests/vectors/posters.json").read_text())["vectors"]
ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    1,
    19,
    60,
    2000,
    1 << 33,
    1 << 60,
    -(1 << 60),
    "",
    "a-place",
    "é",
    b"7",
    [],
    [0],
    {},
]
"""What may stand where a field is expected; None leaves it out."""

METRES = 2 * math.pi * 6_371_009 / 360
"""Of one degree along a meridian."""

PLACE = {"latitude": 31.23042, "longitude": 121.4737, "radius": 100}


def test_every_vector_reads_as_it_says() -> None:
    read = in_node("posters", texts=[vector["text"] for vector in VECTORS])
    for vector, found in zip(VECTORS, read, strict=True):
        assert found == in_degrees(vector["unverified"]), vector["name"]


def test_whatever_stands_in_a_field_both_readers_say_the_same() -> None:
    payloads = []
    for poster, odd in product((SCREEN, LOCATED, FARTHEST), ODD):
        body = loads(poster_payload(poster))
        payloads += [body | {field: odd} for field in range(8)]
        located = body.get(6, [0, 0, 20])
        payloads += [body | {6: [*located[:at], odd, *located[at + 1 :]]} for at in range(3) if odd is not None]
    texts = [signed(dumps({key: value for key, value in body.items() if value is not None})) for body in payloads]
    expected = [in_degrees(by_the_service(body)) for body in payloads]
    assert in_node("posters", texts=texts) == expected
    assert 20 < sum(found is not None for found in expected) < len(expected) - 20


def by_the_service(body: dict[int, Any]) -> dict[str, Any] | None:
    """Read a payload as the service does."""
    try:
        return written(read_poster_payload(dumps({key: value for key, value in body.items() if value is not None})))
    except PosterError:
        return None


def in_degrees(poster: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a poster as the phone has it, with degrees."""
    if poster is None:
        return None
    where = poster.get("location")
    degrees = where and {**where, "latitude": where["latitude"] / STEPS, "longitude": where["longitude"] / STEPS}
    return {**poster, "location": degrees}


def north(metres: float, accuracy: float | None = 10) -> dict[str, Any]:
    """Return where a phone is that is so far north of the place."""
    latitude = PLACE["latitude"] + metres / METRES
    return {"state": "found", "latitude": latitude, "longitude": PLACE["longitude"], "accuracy": accuracy}


SIGHTS: dict[str, tuple[dict[str, Any], str]] = {
    "in the middle": (north(0), "here"),
    "at the edge": (north(99, 0), "here"),
    "past it": (north(101, 0), "away"),
    "at the edge as far as the phone can tell": (north(109), "here"),
    "past it in any case": (north(111), "away"),
    "as inexact as is taken": (north(299, 200), "here"),
    "in the middle by chance": (north(0, 201), "inexact"),
    "somewhere in this city": (north(0, 5000), "inexact"),
    "perhaps here, perhaps in the next district": (north(3000, 5000), "inexact"),
    "in another city for certain": (north(9000, 5000), "away"),
    "no word of how exact": (north(0, None), "unknown"),
    "less than exact": (north(0, -1), "unknown"),
    "no latitude": (north(0) | {"latitude": None}, "unknown"),
    "no number": (north(0) | {"longitude": "121.4737"}, "unknown"),
    "not allowed": ({"state": "denied"}, "denied"),
    "not found": ({"state": "unknown"}, "unknown"),
}


def test_a_phone_is_here_where_it_knows_well_enough_that_it_is() -> None:
    found = in_node("here", location=PLACE, sights=[sight for sight, _state in SIGHTS.values()])
    states = {name: compared["state"] for name, compared in zip(SIGHTS, found, strict=True)}
    assert states == {name: state for name, (_sight, state) in SIGHTS.items()}


def test_distances_are_those_on_the_ground() -> None:
    """From Shanghai to Beijing, to Sydney, and over the pole to the other side."""
    far = [(39.9042, 116.4074, 1_067), (-33.8568, 151.2153, 7_861), (31.23042, -58.5263, 13_070)]
    location = {"latitude": 31.23042, "longitude": 121.4737, "radius": 20}
    sights = [north(0) | {"latitude": latitude, "longitude": longitude} for latitude, longitude, _ in far]
    found = [compared["metres"] for compared in in_node("here", location=location, sights=sights)]
    assert found == pytest.approx([kilometres * 1000 for *_, kilometres in far], rel=0.003)


def test_a_distance_is_told_roughly() -> None:
    metres = [21, 310, 970, 980, 1_272, 9_940, 9_951, 1_067_300]
    words = ["50 米", "300 米", "950 米", "1 公里", "1.3 公里", "9.9 公里", "10 公里", "1067 公里"]
    assert in_node("roughly", language="zh", metres=metres) == words
