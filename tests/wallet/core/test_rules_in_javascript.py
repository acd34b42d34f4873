"""The rules of the scenes that the scanner page runs without network: the same effects as a terminal's in Python."""

import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from adapters import ADAPTERS
from adapters.bus import Bus
from adapters.contract import ScanBody
from adapters.scenic_spot import ScenicSpot
from adapters.terminal.memory import LocalMemory
from adapters.terminal.store import Store
from adapters.venue import Admission, Limit, VenuePolicy
from codeservice.city import city_day, day_span
from codeservice.code import Grant, Kind
from codeservice.condition import Condition
from codeservice.errors import Rejected
from codeservice.hours import WEEKDAYS, Hours, Span
from codeservice.policy import PolicyVersion, ScenePolicy, Text, write_document
from codeservice.profile import Profile, sign_profile
from codeservice.reason import Words
from codeservice.scan import Verified
from codeservice.snapshot import Snapshot
from codeservice.stay import Stay
from codeservice.tariff import Concession, FlatFare, Line
from codeservice.visit import Reentry
from keys.key import Purpose
from tests.codeservice.test_profile import PROFILE
from tests.makers import HOUR, ISSUERS, NOW
from tests.wallet.core.javascript import blank
from tests.wallet.core.test_documents_in_javascript import TRUST

SIGNER = ISSUERS[Purpose.STATUS].signer(Purpose.STATUS)
DAY = city_day(NOW)
SCRIPT = "(day) => import('/tests/wallet/core/rules.js').then((m) => m.decideDay(day))"
numbers = itertools.count(1)


@dataclass(frozen=True)
class Scan:
    """One scan of a grant by its place in list 1, so many seconds after NOW."""

    idx: int
    after: int = 0
    body: Mapping[str, Any] = field(default_factory=dict)
    entitlements: Mapping[int, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def page(browser: Browser, origin: str) -> Page:
    """A page with a store."""
    return blank(browser.new_page(), origin)


def profile_of(scene: str, policy: ScenePolicy, **changes: Any) -> Profile:
    version = PolicyVersion(scene, 1, scene, Words("一", "one"), write_document(policy))
    return replace(PROFILE, scene=scene, policy=version, expires=NOW + 24 * HOUR, **changes)


def in_python(profile: Profile, scans: list[Scan], folder: Path) -> list[Any]:
    """Decide by the scene's adapter at a terminal."""
    adapter = ADAPTERS[profile.scene]
    assert profile.policy is not None
    policy = msgspec.json.decode(profile.policy.document, type=adapter.policy)
    store = Store(folder / f"{next(numbers)}.db", bytes(32))
    answers: list[Any] = []
    for scan in scans:
        now = NOW + scan.after
        grant = Grant(1, scan.idx, 63, dict(scan.entitlements), now, now + 48 * HOUR)
        with store.transaction() as connection:
            memory = LocalMemory(connection, profile, Snapshot.of(now, now + HOUR, {}), now, store=store)
            body: ScanBody = msgspec.convert({"code": "1", **scan.body}, adapter.body)
            verified = Verified(Kind.DEVICE, grant, now, b"")
            try:
                with memory.attempt():
                    memory.status(grant)
                    effect = adapter.decide(verified, body, memory, policy, now)
                    memory.keep(f"act-{next(numbers)}", effect)
                message, _ = adapter.reply(effect, {}, policy)
                answers.append({"effect": dict(effect), "message": {"zh": message.zh, "en": message.en}})
            except Rejected as rejected:
                answers.append(rejected.reason.value)
    store.close()
    return answers


def in_the_page(page: Page, profile: Profile, scans: list[Scan]) -> Any:
    """Decide by the page's rules."""
    said = [
        {
            "list": 1,
            "idx": scan.idx,
            "entitlements": {str(name): value for name, value in scan.entitlements.items()},
            "body": dict(scan.body),
            "now": NOW + scan.after,
        }
        for scan in scans
    ]
    signed = sign_profile(profile, signer=SIGNER, now=NOW).hex()
    return page.evaluate(
        SCRIPT,
        {
            "name": f"rules-{next(numbers)}",
            "trust": TRUST,
            "profile": signed,
            "terminal": profile.terminal,
            "made": NOW,
            "scans": said,
        },
    )


def test_a_ride_costs_what_it_costs_on_a_validator(page: Page, tmp_path: Path) -> None:
    standard = Bus.default
    classes = standard.tariff.classes | {"blood_donor": Concession(cents=50, payer="x")}
    here = Line(id="here", title=Text(zh="本", en="here"), fare=FlatFare(cents=333), places=(PROFILE.place,))
    tariff = msgspec.structs.replace(
        standard.tariff, classes=classes, otherwise="adult", lines=(*standard.tariff.lines, here)
    )
    plain = msgspec.structs.replace(standard, tariff=msgspec.structs.replace(standard.tariff, classes=classes))
    scans = [Scan(number, entitlements={1: number}) for number in range(10)]
    scans += [Scan(1, after, entitlements={1: 1}) for after in (2, 3, 4, 6, 9)] + [Scan(77)]
    for policy in (standard, plain, msgspec.structs.replace(standard, tariff=tariff)):
        profile = profile_of("bus", policy)
        assert in_the_page(page, profile, scans) == in_python(profile, scans, tmp_path)


def test_a_desk_takes_acts_and_departments_that_its_policy_names(page: Page, tmp_path: Path) -> None:
    profile = profile_of("hospital", ADAPTERS["hospital"].default)
    bodies: list[dict[str, str]] = [
        {},
        {"act": "register"},
        {"act": "check_in", "department": "fever"},
        {"department": "none"},
    ]
    scans = [Scan(number, body=body) for number, body in enumerate(bodies)]
    assert in_the_page(page, profile, scans) == in_python(profile, scans, tmp_path)


def test_a_till_says_who_it_is_and_sells_nothing_that_has_a_limit(page: Page, tmp_path: Path) -> None:
    profile = profile_of("pharmacy", ADAPTERS["pharmacy"].default)
    scans = [Scan(number, entitlements={3: number}) for number in range(3)] + [Scan(5)]
    scans.append(Scan(6, body={"medicine": {"class": "ephedrine", "packages": 1}}))
    assert in_the_page(page, profile, scans) == in_python(profile, scans, tmp_path)


@pytest.mark.parametrize("seed", range(4))
def test_a_gate_admits_whom_a_gate_in_python_admits(page: Page, tmp_path: Path, seed: int) -> None:
    """Tickets, bookings of several people, slots, re-entry, people inside, a full place, and hours."""
    drawn = random.Random(seed)
    standard = ScenicSpot.default
    changes: list[dict[str, Any]] = [
        {},
        {"passages": {"enter", "leave"}, "inside_limit": 5},
        {"passages": {"enter", "leave"}, "reentry": Reentry(times=1, hours=2)},
        {"reentry": Reentry(times=2, hours=1)},
    ]
    policy = msgspec.structs.replace(standard, **changes[seed])
    slots = (
        {DAY: {(1, 1): policy.slots[0].name, (1, 2): policy.slots[-1].name, (1, 3): "23:11"}} if policy.slots else {}
    )
    tickets = {DAY: {(1, idx): (bytes([idx // 2] * 8), 1 + idx % 3) for idx in range(1, 8)}}
    profile = profile_of("scenic_spot", policy, tickets=tickets, slots=slots, capacity=9)
    opening, _ = day_span(NOW)
    after = sorted(drawn.sample(range(opening - NOW + 6 * HOUR, opening - NOW + 20 * HOUR), 40))
    scans = [
        Scan(
            drawn.randrange(9),
            moment,
            drawn.choice(
                [{}, {}, {"people": 1}, {"people": 2}, {"passage": "leave"}, {"passage": "enter", "people": 1}]
            ),
            drawn.choice([{}, {1: 1}, {1: 2, 2: 1}, {2: 2}, {1: 5}]),
        )
        for moment in after
    ]
    decided = in_python(profile, scans, tmp_path)
    assert {each for each in decided if isinstance(each, str)}
    assert any(isinstance(each, dict) for each in decided)
    assert in_the_page(page, profile, scans) == decided


@pytest.mark.parametrize("seed", range(4))
def test_a_place_of_data_lets_pass_whom_a_terminal_in_python_lets_pass(page: Page, tmp_path: Path, seed: int) -> None:
    """Limits by day and month, people inside, a full place, stays that cost, and hours."""
    drawn = random.Random(seed)
    rows = (
        Admission(code="free", title=Text(zh="免费", en="Free"), when=Condition(fare=frozenset({"child"}))),
        Admission(
            code="home",
            title=Text(zh="居民", en="Resident"),
            when=Condition(resident=frozenset({"resident"})),
            cents=250,
            stay=None if seed == 0 else Stay(free_minutes=30, unit_minutes=20, unit_cents=150, day_cents=900),
        ),
    )
    policy = VenuePolicy(
        kinds=frozenset({"device"}),
        admits=rows,
        passages=frozenset({"single"} if seed == 0 else {"enter", "leave"}),
        hours=Hours(week={day: (Span(begins="08:00", ends="20:30"),) for day in WEEKDAYS}),
        limits=(Limit(period="day", entries=2), Limit(period="month", entries=3)) if seed < 2 else (),
        inside_limit=None if seed == 0 else 3,
        day_limit=12,
        overnight=seed == 3,
        twice=seed == 2,
        words={"enter": Text(zh="请进", en="Come in")} if seed == 1 else {},
    )
    profile = profile_of("venue", policy, tickets={})
    opening, _ = day_span(NOW)
    after = sorted(drawn.sample(range(opening - NOW + 7 * HOUR, opening - NOW + 45 * HOUR), 60))
    ways = [{}] if seed == 0 else [{"passage": "enter"}, {"passage": "leave"}, {"passage": "enter"}, {}]
    facts: list[dict[int, int]] = [{}, {1: 5}, {2: 1}, {2: 1}]
    scans = [Scan(idx := drawn.randrange(8), moment, drawn.choice(ways), facts[idx % 4]) for moment in after]
    decided = in_python(profile, scans, tmp_path)
    assert {each for each in decided if isinstance(each, str)}
    assert any(isinstance(each, dict) for each in decided)
    assert in_the_page(page, profile, scans) == decided


def test_a_policy_that_the_page_cannot_read_in_full_decides_nothing(page: Page) -> None:
    """A field of a later version may be the one that says no."""
    profile = profile_of("bus", ADAPTERS["bus"].default)
    assert profile.policy is not None
    document = msgspec.json.decode(profile.policy.document)
    for changed in (
        document | {"only_on_sundays": True},
        {name: document[name] for name in document if name != "late"},
    ):
        policy = replace(profile.policy, document=msgspec.json.encode(changed))
        assert in_the_page(page, replace(profile, policy=policy), [Scan(1, entitlements={1: 1})]) is None
    assert in_the_page(page, replace(profile, policy=None), [Scan(1)]) is None
    # A hall's numbers are drawn by the service alone.
    assert in_the_page(page, profile_of("government", ADAPTERS["government"].default), [Scan(1)]) is None
