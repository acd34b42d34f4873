"""A bulk file of people who do not exist, to try an import with. The same seed writes the same file. No I/O."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from codeservice.bulk import write_csv
from codeservice.credential import CredentialType, id_check_character

COLUMNS = ("type", "number", "id_number", "name", "region", "valid_from", "claims.generation")
_FIRST, _DAYS = date(1930, 1, 1), 34000
_REGION = "349999"
"""A division code that was never assigned, and that the demo city does not use."""

_SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"


def rows(count: int, *, seed: int, bad: int = 0) -> Iterator[str]:
    """Write a header and `count` social-security cards of as many people; one in `bad` has a fault, 0 for none."""
    draw = random.Random(seed)  # noqa: S311 -- people to try with; their chance guards nothing
    return write_csv((_row(draw, number, bad) for number in range(count)), COLUMNS)


def _row(draw: random.Random, number: int, bad: int) -> dict[str, object]:
    # Days times a thousand sequences are more people than anybody imports at once.
    born = _FIRST + timedelta(days=number % _DAYS)
    first = f"{_REGION}{born:%Y%m%d}{number // _DAYS:03d}"
    row: dict[str, object] = {
        "type": CredentialType.SOCIAL_SECURITY_CARD.value,
        "number": f"T{number:09d}",
        "id_number": first + id_check_character(first),
        "name": draw.choice(_SURNAMES) + draw.choice(_GIVEN),
        "region": _REGION,
        "valid_from": f"{2015 + draw.randrange(10)}-0{draw.randrange(1, 10)}-01",
        "claims.generation": draw.choice((2, 3)),
    }
    if bad and number % bad == bad - 1:
        row |= draw.choice(_FAULTS)
    return row


_FAULTS: tuple[dict[str, object], ...] = (
    {"id_number": "349999193001010000"},
    {"type": "library_card"},
    {"type": CredentialType.MEDICAL_INSURANCE.value},
    {"claims.generation": "4"},
    {"valid_from": "2015-13-01"},
    {"number": ""},
)
