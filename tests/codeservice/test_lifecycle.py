"""Life cycles: closed tables of named transitions, and the documents show the same tables."""

from pathlib import Path

import pytest

from codeservice.claims import SCHEMAS, ClaimsError, read_claims
from codeservice.credential import CredentialState, CredentialType
from codeservice.errors import ConflictError
from codeservice.lifecycle import CARD, ELIGIBILITY, LICENCE, life_cycle_of

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/authorities.md"
FINAL = {CredentialState.CANCELLED, CredentialState.CANCELLED_AFTER_LOSS}


@pytest.mark.parametrize("type_", CredentialType)
def test_every_type_has_a_life_and_claims(type_: CredentialType) -> None:
    cycle = life_cycle_of(type_)
    assert cycle.first
    assert all(transition.target in cycle.first for transition in cycle.transitions.values())
    assert type_ in SCHEMAS


@pytest.mark.parametrize("cycle", [CARD, LICENCE, ELIGIBILITY])
def test_nothing_leads_out_of_an_end_and_everything_can_be_cancelled(cycle: object) -> None:
    transitions = CARD.transitions if cycle is CARD else LICENCE.transitions
    assert not any(transition.sources & FINAL for transition in transitions.values())
    assert transitions["cancel"].sources == set(CredentialState) - FINAL


def test_a_card_is_never_unused_again() -> None:
    sources = [entry.sources for entry in CARD.transitions.values() if entry.target is CredentialState.NOT_ACTIVATED]
    assert sources == [{CredentialState.ON_HAND}]


def test_only_a_lost_card_is_cancelled_after_loss_and_nobody_asks_for_that_by_name() -> None:
    with pytest.raises(ConflictError):
        CARD.named("cancel_after_loss", CredentialState.LOST)
    with pytest.raises(ConflictError):
        CARD.between(CredentialState.LOST, CredentialState.CANCELLED_AFTER_LOSS)


@pytest.mark.parametrize("name", ["", "report_lost ", "REPORT_LOST", "order"])
def test_an_unknown_transition_is_refused(name: str) -> None:
    with pytest.raises(ConflictError):
        CARD.named(name, CredentialState.NORMAL)


@pytest.mark.parametrize("type_", CredentialType)
def test_unknown_and_missing_claims_are_refused(type_: CredentialType) -> None:
    for claims in ({}, {"admin": True}):
        with pytest.raises(ClaimsError):
            read_claims(type_, claims)


def test_the_document_shows_every_transition_with_its_states() -> None:
    text = DOCUMENT.read_text()
    for cycle in (CARD, LICENCE, ELIGIBILITY):
        for transition in cycle.transitions.values():
            many = transition.name == "cancel"
            sources = "any but cancelled" if many else ", ".join(sorted(f"`{state}`" for state in transition.sources))
            assert f"| `{transition.name}` | {sources} | `{transition.target}` |" in text, transition.name
    for state in CredentialState:
        assert f"`{state}`" in text
    for type_ in CredentialType:
        assert f"`{type_}`" in text
