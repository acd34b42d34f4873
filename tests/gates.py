"""A gate whose policy has phones compare their location, and what leaves a phone that passes it."""

import base64
import json
from typing import Any

from playwright.sync_api import Geolocation, Page, Request

from codeservice.location import STEPS, Location
from codeservice.poster import Poster, write_poster
from codeservice.store import client, poster
from codeservice.store.database import Connection
from keys.key import Purpose
from tests.conftest import City
from tests.policies import put_in_force

HERE = Location(3123042, 12147370, 100)
POLICY = {"posters": "printed", "confirm_here": True, "passages": ["single"]}
METRES = 111_195
"""Of one degree of latitude."""


def open_gate(city: City) -> str:
    """Open the gate; returns the text of its poster."""
    put_in_force(city, "venue", POLICY)
    now, services = city.clock.now, city.services

    def work(connection: Connection) -> int:
        client.add_place(connection, id_="gate", partner="city-bus", scene="venue", name="小区东门", location=HERE)
        return poster.print_again(connection, "gate", now=now)

    made = Poster("gate", now, now + 3600, services.database.transact(work), screen=False, location=HERE)
    return write_poster(made, signer=services.signer(Purpose.STATUS), now=now)


def north(metres: int, accuracy: int = 20) -> Geolocation:
    """Return where a phone is that is so far north of the gate."""
    latitude = HERE.latitude / STEPS + metres / METRES
    return {"latitude": latitude, "longitude": HERE.longitude / STEPS, "accuracy": accuracy}


def watch(page: Page) -> list[dict[str, Any]]:
    """Return a list that grows by what the phone signs whenever it passes a place."""
    signed: list[dict[str, Any]] = []

    def look(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/passages"):
            payload = json.loads(request.post_data or "{}")["proof"].split(".")[1]
            signed.append(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))

    page.on("request", look)
    return signed


def is_only_a_yes(claims: dict[str, Any]) -> bool:
    """Whether the phone said that it is there, and nothing of where."""
    return claims.keys() == {"aud", "iat", "sub", "poster", "passage", "here"} and claims["here"] is True
