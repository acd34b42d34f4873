"""The demo city: synthetic people, credentials, places and terminals, made from a seed.

Nobody in it exists: the ID numbers are valid (GB 11643), but their division codes and the phone prefix 100 were never
assigned to anybody.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from codeservice.credential import LICENCES, CredentialState, CredentialType, IdNumber, id_check_character
from codeservice.demo_authorities import add_authorities, licence_number
from codeservice.scene import SCENES
from codeservice.services import Services
from codeservice.store import client, fact, person
from codeservice.store.database import Connection
from codeservice.store.person import Card, Holder
from keys.vault import Vault

_BATCH = 500
_TODAY = date(2026, 1, 1)
"""The day that ages are drawn for, so that a seed always gives the same city."""

_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国红梅志宇轩子涵欣怡浩然梓萱"
_REGIONS = (("349901", 80), ("349902", 8), ("339901", 5), ("329901", 4), ("319901", 3))
_ADULT, _SENIOR = 18, 60


@dataclass(frozen=True)
class DemoPlace:
    """A place of the demo city with its partner and the names of its terminals."""

    id: str
    scene: str
    partner: str
    partner_name: str
    name: str
    terminals: tuple[str, ...]
    capacity: int | None = None


PLACES = (
    DemoPlace("bus-line-1", "bus", "city-bus", "城市公交集团", "公交 1 路", ("bus-1", "bus-2")),
    DemoPlace(
        "first-hospital", "hospital", "first-hospital", "市第一人民医院", "市第一人民医院门诊", ("clinic-1", "clinic-2")
    ),
    DemoPlace("pharmacy-east", "pharmacy", "good-health", "康宁大药房", "康宁大药房城东店", ("till-east",)),
    DemoPlace("pharmacy-west", "pharmacy", "good-health", "康宁大药房", "康宁大药房城西店", ("till-west",)),
    DemoPlace("lake-park", "scenic_spot", "city-tourism", "城市文旅", "镜湖景区", ("gate-1", "gate-2"), capacity=500),
    DemoPlace("city-hall", "government", "city-hall", "市政务服务中心", "政务服务大厅", ("queue-1",)),
)

BACK_END = "hospital-back-end"
"""The demo hospital's own server, a partner that verifies by API."""


@dataclass(frozen=True)
class Citizen:
    """A person with their credentials."""

    holder: Holder
    cards: tuple[Card, ...]

    @property
    def phone(self) -> str | None:
        """The person's phone number, if they have one."""
        return self.holder.phone


class _Numbers:
    """Hands out ID numbers, each once: a region and birthday has a thousand, then the next day is taken."""

    def __init__(self) -> None:
        self._used: Counter[tuple[str, date]] = Counter()

    def next(self, region: str, born: date) -> IdNumber:
        while self._used[region, born] == 1000:  # noqa: PLR2004 -- three digits
            born -= timedelta(days=1)
        first = f"{region}{born:%Y%m%d}{self._used[region, born]:03d}"
        self._used[region, born] += 1
        return IdNumber(first + id_check_character(first))


def make_city(services: Services, *, people: int, seed: int, progress: Callable[[int, int], None]) -> bool:
    """Make the demo city in an empty database; False when there is one. `progress` gets (done, all) people."""
    with services.database.read() as connection:
        if fact.get(connection, "demo_seed") is not None:
            return False
    # One transaction: a city that was interrupted while it was made was never there.
    with services.database.write() as connection:
        citizens = generate(seed=seed)
        done = 0
        while done < people:
            batch = list(islice(citizens, min(_BATCH, people - done)))
            _add(connection, services.vault, batch)
            done += len(batch)
            progress(done, people)
        _add_places(connection)
        fact.put(connection, "demo_seed", str(seed))
        fact.put(connection, "demo_people", str(people))
    return True


def generate(*, seed: int) -> Iterator[Citizen]:
    """Draw citizens without end, household by household; the same seed draws the same people."""
    draw = random.Random(seed)
    numbers = _Numbers()
    number = 0
    while True:
        household = _hex(draw)
        region = draw.choices([code for code, _ in _REGIONS], [weight for _, weight in _REGIONS])[0]
        for role, age in _household(draw):
            number += 1
            yield _citizen(draw, numbers, number, region, household, role, age)


def showcase(*, seed: int, people: int) -> list[tuple[str, Citizen]]:
    """Return the people that the log-ins of a demo are printed for, each with what makes them interesting."""
    wanted: dict[str, Callable[[Citizen], bool]] = {
        "成人 adult": lambda citizen: _ADULT <= _age(citizen) < _SENIOR and not _benefits(citizen),
        "学生 student": lambda citizen: "student" in _benefits(citizen),
        "长者 senior": lambda citizen: _age(citizen) > 70,  # noqa: PLR2004
        "邻城 neighbour": lambda citizen: citizen.holder.region != _REGIONS[0][0] and not _benefits(citizen),
    }
    found: dict[str, Citizen] = {}
    for citizen in islice(generate(seed=seed), people):
        for title, fits in wanted.items():
            if title not in found and citizen.phone is not None and citizen not in found.values() and fits(citizen):
                found[title] = citizen
        if len(found) == len(wanted):
            break
    return list(found.items())


def _household(draw: random.Random) -> list[tuple[str, int]]:
    adults = [draw.randint(22, 59)]
    roles = [("head", adults[0])]
    if draw.random() < 0.7:  # noqa: PLR2004
        roles.append(("spouse", max(22, adults[0] + draw.randint(-4, 4))))
    children = draw.choices([0, 1, 2], [40, 40, 20])[0]
    roles += [("child", draw.randint(0, 21)) for _ in range(children)]
    if draw.random() < 0.4:  # noqa: PLR2004
        roles.append(("parent", draw.randint(60, 95)))
    return roles


def _citizen(  # noqa: PLR0913, PLR0917 -- one person
    draw: random.Random,
    numbers: _Numbers,
    number: int,
    region: str,
    household: str,
    role: str,
    age: int,
) -> Citizen:
    born = _TODAY - timedelta(days=age * 365 + age // 4 + draw.randint(0, 364))
    id_number = numbers.next(region, born)
    phone = f"100{number:08d}" if age >= 14 else None  # noqa: PLR2004
    name = draw.choice(_SURNAMES) + "".join(draw.choices(_GIVEN, k=draw.choice((1, 2))))
    holder = Holder(_hex(draw), name, id_number, region, household, role, phone)
    return Citizen(holder, tuple(_cards(draw, holder, number, age)))


def _cards(draw: random.Random, holder: Holder, number: int, age: int) -> Iterator[Card]:
    serial = f"{number:08d}"
    generation = draw.choice((2, 3))
    card = _card(draw, holder, CredentialType.SOCIAL_SECURITY_CARD, f"S{serial}", {"generation": generation})
    yield card
    yield _e_card(card)
    yield _card(draw, holder, CredentialType.ID_CARD, f"ID{serial}", {"issuer": "公安局"})
    yield _card(draw, holder, CredentialType.SOCIAL_SECURITY_LICENCE, f"SL{serial}", {"generation": generation})
    yield _card(draw, holder, CredentialType.E_HEALTH_CARD, f"{draw.getrandbits(256):064x}", {"attribute": 2})
    kind = "employee" if 22 <= age < _SENIOR and draw.random() < 0.6 else "resident"  # noqa: PLR2004
    if draw.random() < 0.95:  # noqa: PLR2004
        yield _card(draw, holder, CredentialType.MEDICAL_INSURANCE, f"MI{serial}", {"kind": kind})
    if age < _ADULT:
        yield _card(draw, holder, CredentialType.BIRTH_CERTIFICATE, f"BC{serial}", {"household": holder.household})
    else:
        yield _card(draw, holder, CredentialType.E_ID, f"E{draw.getrandbits(80):020X}", {"result_only": True})
        yield from _adult_licences(draw, holder, serial)
    for category in _drawn_benefits(draw, age):
        yield _card(draw, holder, CredentialType.BENEFIT, f"B-{category}-{serial}", {"category": category})


def _adult_licences(draw: random.Random, holder: Holder, serial: str) -> Iterator[Card]:
    licences = (
        (CredentialType.DRIVING_LICENCE, 0.5, f"DL{serial}", {"class": draw.choice(("C1", "C2", "A1"))}),
        (CredentialType.VEHICLE_LICENCE, 0.35, f"VL{serial}", {"plate": f"皖Z{draw.randrange(100_000):05d}"}),
        (CredentialType.TRANSPORT_QUALIFICATION, 0.05, f"TQ{serial}", {"class": "货运"}),
        (CredentialType.TRANSPORT_PERMIT, 0.03, f"TP{serial}", {"vehicle": f"皖Z{draw.randrange(100_000):05d}"}),
        (CredentialType.BUSINESS_LICENCE, 0.08, f"BL{serial}", {"kind": "个体工商户"}),
    )
    for type_, share, number, claims in licences:
        if draw.random() < share:
            yield _card(draw, holder, type_, number, claims)


def _drawn_benefits(draw: random.Random, age: int) -> Iterator[str]:
    if 6 <= age <= 22 and draw.random() < 0.9:  # noqa: PLR2004
        yield "student"
    if age >= _SENIOR:
        yield "senior"
    for category, share in (("disabled", 0.02), ("veteran", 0.01), ("blood_donor", 0.03)):
        if age >= _ADULT and draw.random() < share:
            yield category


def _card(
    draw: random.Random, holder: Holder, type_: CredentialType, number: str, claims: Mapping[str, object]
) -> Card:
    start = int(datetime(2020 + draw.randrange(6), 1, 1, tzinfo=UTC).timestamp())
    printed = licence_number(type_, number) if type_ in LICENCES else number
    return Card(_hex(draw), holder.id, type_, printed, dict(claims), CredentialState.NORMAL, start, None)


def _e_card(card: Card) -> Card:
    # Nothing is drawn for it, so that a seed gives the people that it has always given.
    id_ = hashlib.sha256(f"e-card {card.id}".encode()).hexdigest()[:32]
    return Card(
        id_,
        card.person,
        CredentialType.E_SOCIAL_SECURITY_CARD,
        f"E{card.number}",
        {"card": card.number},
        card.state,
        card.valid_from,
        card.valid_until,
        follows=card.id,
    )


def _add(connection: Connection, vault: Vault, batch: list[Citizen]) -> None:
    person.add_holders(connection, vault, [citizen.holder for citizen in batch])
    person.add_cards(connection, vault, [card for citizen in batch for card in citizen.cards])


def _add_places(connection: Connection) -> None:
    for id_, name in {place.partner: place.partner_name for place in PLACES}.items():
        client.add_partner(connection, id_=id_, name=name)
    for place in PLACES:
        client.add_place(
            connection, id_=place.id, partner=place.partner, scene=place.scene, name=place.name, capacity=place.capacity
        )
        for terminal in place.terminals:
            title = f"{SCENES[place.scene].title.en} {terminal}"
            client.add_client(
                connection,
                id_=terminal,
                kind=client.TERMINAL,
                place=place.id,
                name=title,
                scopes=frozenset({"scan"}),
            )
    add_authorities(connection)
    client.add_client(
        connection,
        id_=BACK_END,
        kind=client.BACK_END,
        place="first-hospital",
        name="Hospital information system",
        scopes=frozenset({"verify", "attributes:name", "attributes:insured"})
        | {"encounters", "insurance", "records", "emergency", "fhir", "prescriptions:write"},
    )


def _age(citizen: Citizen) -> int:
    return (_TODAY - citizen.holder.id_number.born).days // 365


def _benefits(citizen: Citizen) -> set[str]:
    return {str(card.claims["category"]) for card in citizen.cards if card.type is CredentialType.BENEFIT}


def _hex(draw: random.Random) -> str:
    return f"{draw.getrandbits(128):032x}"
