"""The rules of ties: who is proved, from which age, until when."""

from datetime import date

import pytest

from codeservice.city import midnight
from codeservice.household import (
    KIND_TITLES,
    REASON_TITLES,
    STATE_TITLES,
    EndReason,
    Member,
    Proof,
    TieKind,
    TieState,
    coming_of_age,
    end_of,
    first_state,
    is_of_age,
    kind_fits,
    mask_named,
    may_print,
    names_of,
    narrowed,
    prove_parent,
    scenes_within,
    sees_records,
)
from codeservice.scene import SCENES

TODAY = date(2027, 1, 15)
ADULT, CHILD = date(1990, 5, 5), date(2015, 5, 5)
HEAD = Member("a", ADULT, "h1", "head")


@pytest.mark.parametrize(
    ("born", "first_day"),
    [
        (date(2009, 1, 15), date(2027, 1, 15)),
        (date(2008, 2, 29), date(2026, 3, 1)),
        (date(2008, 12, 31), date(2026, 12, 31)),
    ],
)
def test_a_ward_is_of_age_from_the_first_moment_of_the_eighteenth_birthday_in_the_city(
    born: date, first_day: date
) -> None:
    assert coming_of_age(born) == midnight(first_day)
    assert is_of_age(born, first_day)
    assert not is_of_age(born, date.fromordinal(first_day.toordinal() - 1))


@pytest.mark.parametrize(
    ("guardian", "child", "certificate", "proof"),
    [
        pytest.param(HEAD, Member("b", CHILD, "h1", "child"), None, Proof.HOUSEHOLD_RECORD, id="same household"),
        pytest.param(
            Member("a", ADULT, "h1", "parent"),
            Member("b", CHILD, "h1", "child"),
            None,
            Proof.HOUSEHOLD_RECORD,
            id="grandparent of the household",
        ),
        pytest.param(
            HEAD, Member("b", CHILD, "h2", "child"), {"household": "h1"}, Proof.BIRTH_CERTIFICATE, id="certificate"
        ),
        pytest.param(HEAD, Member("b", CHILD, "h2", "child"), None, None, id="another household"),
        pytest.param(HEAD, Member("b", CHILD, "h2", "child"), {"household": "h3"}, None, id="others' certificate"),
        pytest.param(HEAD, Member("b", CHILD, "h2", "child"), {}, None, id="a certificate that names nobody"),
        pytest.param(
            Member("a", ADULT, None, "head"), Member("b", CHILD, None, "child"), {"household": None}, None, id="none"
        ),
        pytest.param(
            Member("a", date(2008, 1, 1), "h1", "child"), Member("b", CHILD, "h1", "child"), None, None, id="a sibling"
        ),
        pytest.param(
            Member("a", date(2011, 1, 1), "h1", "head"), Member("b", CHILD, "h1", "child"), None, None, id="a minor"
        ),
        pytest.param(HEAD, Member("b", date(2009, 1, 15), "h1", "child"), None, None, id="eighteen today"),
        pytest.param(HEAD, Member("b", CHILD, "h1", "spouse"), None, None, id="no child of the household"),
        pytest.param(HEAD, Member("a", CHILD, "h1", "child"), None, None, id="oneself"),
    ],
)
def test_a_parent_is_proved_by_certificate_or_household_and_by_nothing_else(
    guardian: Member, child: Member, certificate: dict[str, object] | None, proof: Proof | None
) -> None:
    assert prove_parent(guardian, child, certificate, TODAY) is proof


def test_only_a_proved_parent_begins_active() -> None:
    """Name and ID number alone never make a tie."""
    begins = {(kind, proof): first_state(kind, proof) for kind in TieKind for proof in (None, *Proof)}
    active = {key for key, state in begins.items() if state is TieState.ACTIVE}
    assert active == {(TieKind.PARENT, proof) for proof in Proof}
    assert begins[TieKind.HELPER, None] is TieState.REQUESTED
    assert begins[TieKind.GUARDIAN_BY_COURT, None] is TieState.WAITING_REVIEW


def test_minors_have_parents_and_adults_the_others() -> None:
    assert [kind_fits(kind, CHILD, TODAY) for kind in TieKind] == [True, False, False]
    assert [kind_fits(kind, ADULT, TODAY) for kind in TieKind] == [False, True, True]
    assert end_of(TieKind.PARENT, CHILD) == coming_of_age(CHILD)
    assert end_of(TieKind.HELPER, ADULT) is None


def test_records_of_an_adult_are_seen_by_their_own_word_only() -> None:
    assert sees_records(TieKind.PARENT, shares_records=False)
    assert not sees_records(TieKind.HELPER, shares_records=False)
    assert not sees_records(TieKind.GUARDIAN_BY_COURT, shares_records=False)
    assert sees_records(TieKind.HELPER, shares_records=True)


def test_scenes_are_narrowed_and_never_widened() -> None:
    bus, clinic = SCENES["bus"].mask, SCENES["hospital"].mask
    assert narrowed(None, None) is None
    assert narrowed(bus | clinic, clinic) == clinic
    assert narrowed(bus, None) == bus
    assert narrowed(None, clinic) == clinic
    assert narrowed(bus, clinic) == 0
    assert mask_named(["bus", "bus", "hospital"]) == bus | clinic
    assert mask_named(None) is None
    assert names_of(bus | clinic) == ["bus", "hospital"]
    assert names_of(None) is None
    assert [scene.name for scene in scenes_within(tuple(SCENES.values()), bus)] == ["bus"]
    assert may_print(None)
    assert not may_print(bus)
    with pytest.raises(KeyError):
        mask_named(["moon"])


def test_every_kind_state_and_reason_has_a_title() -> None:
    assert KIND_TITLES.keys() == set(TieKind)
    assert STATE_TITLES.keys() == set(TieState)
    assert REASON_TITLES.keys() == set(EndReason)
