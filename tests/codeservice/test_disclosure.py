"""Disclosure: a place learns what its policy names, as far as the holder consents, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import ADAPTERS
from adapters.policies import standard
from codeservice.disclosure import ATTRIBUTE_TITLES, NOTHING, Attributes, disclose
from codeservice.scan import Disclosure
from codeservice.scene import SCENES
from tests.makers import make_policy

HOLDER = Attributes("张三丰", "11010519491231002X", insured=True)
MASKED = {"name": "张**", "id_number": "1101**********002X"}
FORMS = st.dictionaries(st.sampled_from(["name", "id_number", "insured", "phone", ""]), st.sampled_from(Disclosure))


@pytest.mark.parametrize(
    ("scene", "full", "masked"),
    [
        ("bus", {}, {}),
        ("hospital", {"name": "张三丰", "id_number": "11010519491231002X", "insured": True}, MASKED),
        ("pharmacy", {"name": "张三丰", "id_number": "11010519491231002X"}, MASKED),
        ("scenic_spot", {}, {}),
        ("government", {"name": "张三丰"}, {"name": "张**"}),
    ],
)
def test_each_scene_learns_its_minimum(scene: str, full: dict[str, object], masked: dict[str, object]) -> None:
    """In full with the holder's consent, masked without; what cannot be masked is left out."""
    policy = standard(scene).checks
    assert disclose(policy, HOLDER, consent=True).values == full
    assert disclose(policy, HOLDER, consent=False).values == masked


def test_consent_gives_no_more_than_the_policy_asks() -> None:
    policy = make_policy(discloses={"name": Disclosure.MASKED})
    assert disclose(policy, HOLDER, consent=True).values == {"name": "张**"}


def test_the_record_keeps_forms_and_no_values() -> None:
    disclosed = disclose(standard("hospital").checks, HOLDER, consent=True)
    assert disclosed.forms == {"name": "full", "id_number": "full", "insured": "full"}


def test_who_is_not_insured_is_told_so() -> None:
    uninsured = Attributes("张三丰", HOLDER.id_number, insured=False)
    assert disclose(standard("hospital").checks, uninsured, consent=True).values["insured"] is False


@given(FORMS, st.booleans())
def test_nothing_is_disclosed_beyond_the_policy(discloses: dict[str, Disclosure], consent: bool) -> None:  # noqa: FBT001 -- drawn
    disclosed = disclose(make_policy(discloses=discloses), HOLDER, consent=consent)
    assert disclosed.values.keys() == disclosed.forms.keys() <= discloses.keys() & ATTRIBUTE_TITLES.keys()
    assert consent or HOLDER.name not in disclosed.values.values()
    assert consent or HOLDER.id_number not in disclosed.values.values()


def test_a_policy_without_attributes_discloses_nothing() -> None:
    assert disclose(make_policy(), HOLDER, consent=True) == NOTHING


@pytest.mark.parametrize("scene", SCENES)
def test_a_policy_names_only_what_its_scene_may_be_told(scene: str) -> None:
    assert ADAPTERS[scene].default.discloses.keys() <= set(SCENES[scene].attributes) <= ATTRIBUTE_TITLES.keys()
