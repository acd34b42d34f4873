"""A server's side of the wallet and the scanner for page tests: answers what the pages ask for, and remembers it."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, Route

HANDLES = [f"12345678{number}" for number in range(8)]
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ISSUER = "http://127.0.0.1"


def claims_of(proof: str) -> Any:
    """Read the payload of a compact JWS without verifying it."""
    payload = proof.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


@dataclass
class PretendCity:
    """Answers by fixed rules. `asked` holds bodies by path; `life` is that of a handle; `ahead` moves the clock."""

    life: int = 600
    ahead: int = 0
    asked: dict[str, list[Any]] = field(default_factory=dict)
    problems: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def join(self, page: Page) -> Page:
        """Answer the calls of a page, and note what its console complains of."""
        for pattern in ("**/wallet/api/**", "**/scan/**", "**/oauth/**", "**/terminals/**"):
            page.route(pattern, self.answer)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if "Content Security" in said.text else None)
        return page

    def answer(self, route: Route) -> None:
        """Answer one call, and remember what it asked."""
        request = route.request
        path = "/" + request.url.split("/", 3)[3]
        posted = request.post_data or "{}"
        body = json.loads(posted) if posted.startswith("{") else {}
        self.asked.setdefault(path, []).append(body)
        if path in self.problems:
            status, problem = self.problems[path]
            route.fulfill(status=status, content_type="application/problem+json", body=json.dumps(problem))
            return
        status, answer = self._known(path, body)
        route.fulfill(status=status, content_type="application/json", body=json.dumps(answer))

    def _known(self, path: str, body: Any) -> tuple[int, Any]:
        now = int(time.time()) + self.ahead
        terminal = {"terminal": "bus-1", "scene": "bus", "place": {"name": "1路"}}
        scanned = len(self.asked.get("/scan/v1/bus", []))
        answers: dict[str, Callable[[], tuple[int, Any]]] = {
            "/wallet/api/v1/me": lambda: (200, self._me(now)),
            "/wallet/api/v1/devices": lambda: (201, {"id": "device-1"}),
            "/wallet/api/v1/notices": lambda: (200, {"notices": []}),
            "/wallet/api/v1/grants": lambda: (200, {"grants": [], "server_time": now}),
            "/wallet/api/v1/digit-codes": lambda: (200, self._digit_codes(body, now)),
            "/terminals/v1/enrolments": lambda: (201, terminal | {"partner": {"name": "公交"}, "issuer": ISSUER}),
            "/oauth/token": lambda: (200, {"access_token": "t", "token_type": "Bearer", "expires_in": 600}),
            "/scan/v1/state": lambda: (
                200,
                terminal | {"server_time": now, "trust_list_version": 1, "scans_today": scanned},
            ),
            "/scan/v1/bus": lambda: (200, scan_answer()),
        }
        return answers[path]()

    def _digit_codes(self, body: Any, now: int) -> dict[str, Any]:
        count = claims_of(body["proof"])["count"]
        given = (len(self.asked["/wallet/api/v1/digit-codes"]) - 1) * count
        common = {"seed": SEED, "scene": "all", "expires": now + self.life}
        codes = [{"handle": HANDLES[number % len(HANDLES)]} | common for number in range(given, given + count)]
        return {"codes": codes, "server_time": now}

    @staticmethod
    def _me(now: int) -> dict[str, Any]:
        me = {"session": "s", "csrf": "c", "issuer": ISSUER, "server_time": now, "phone": "100****0001", "guide": None}
        scenes = [{"name": "bus", "bit": 0, "title": {"zh": "乘车", "en": "Ride"}}]
        devices = [{"id": "device-1", "name": "x", "enrolled_at": now}]
        return me | {
            "person": {"name": "张*", "id_number": "3499**********1234"},
            "scenes": scenes,
            "devices": devices,
            "device": "device-1",
        }


def scan_answer() -> dict[str, Any]:
    """Return an accepted scan at a bus."""
    words = {"message": {"zh": "通过", "en": "Accepted"}, "advice": {"zh": "", "en": ""}}
    head = {"scan": "1", "decision": "accepted", "reason": None, "scene": "bus", "at": 0, "repeat": False}
    return head | words | {"holder_check_required": False, "details": {}}
