"""Life cycles of credentials as tables of named transitions. No I/O.

The social-security card's is modelled on the interfaces of card-management systems (卡管系统). Every other type has
the life of something that is in force, suspended or ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from codeservice.credential import LICENCES, CredentialState, CredentialType
from codeservice.errors import ConflictError
from codeservice.reason import Words

TEMPORARY_LOSS = 7 * 24 * 3600
"""Seconds after which a card that was reported lost temporarily is released by itself."""


@dataclass(frozen=True)
class Transition:
    """A named change of state. An automatic one is made by another act, and nobody asks for it by name."""

    name: str
    title: Words
    sources: frozenset[CredentialState]
    target: CredentialState
    automatic: bool = False


@dataclass(frozen=True)
class LifeCycle:
    """`first` are the states in which a record may come, the usual one in front; transitions go by name."""

    first: tuple[CredentialState, ...]
    transitions: Mapping[str, Transition]

    def named(self, name: str, state: CredentialState) -> Transition:
        """Return a transition that somebody asks for; raises ConflictError when it does not lead on from `state`."""
        found = self.transitions.get(name)
        if found is None or found.automatic or state not in found.sources:
            raise ConflictError("card_state_not_allowed")
        return found

    def between(self, before: CredentialState, after: CredentialState) -> Transition:
        """Return the transition that leads from one state to another; raises ConflictError when none does."""
        for found in self.transitions.values():
            if before in found.sources and found.target is after and not found.automatic:
                return found
        raise ConflictError("card_state_not_allowed")


def _table(*transitions: Transition) -> dict[str, Transition]:
    return {transition.name: transition for transition in transitions}


_S = CredentialState
_FINAL = frozenset({_S.CANCELLED, _S.CANCELLED_AFTER_LOSS})
_CANCEL = Transition("cancel", Words("注销", "Cancel"), frozenset(_S) - _FINAL, _S.CANCELLED)

CARD = LifeCycle(
    (_S.ON_HAND, _S.NOT_ACTIVATED, _S.NORMAL, _S.TEMPORARILY_LOST, _S.LOST, *sorted(_FINAL)),
    _table(
        Transition("make", Words("制卡完成", "The card was made"), frozenset({_S.ON_HAND}), _S.NOT_ACTIVATED),
        Transition("activate", Words("启用", "Activate"), frozenset({_S.NOT_ACTIVATED}), _S.NORMAL),
        Transition(
            "report_lost_temporarily",
            Words("临时挂失", "Report lost, temporarily"),
            frozenset({_S.NORMAL}),
            _S.TEMPORARILY_LOST,
        ),
        Transition("release", Words("解除临时挂失", "Release"), frozenset({_S.TEMPORARILY_LOST}), _S.NORMAL),
        Transition("report_lost", Words("挂失", "Report lost"), frozenset({_S.NORMAL, _S.TEMPORARILY_LOST}), _S.LOST),
        Transition("withdraw_loss", Words("解挂", "Withdraw the report"), frozenset({_S.LOST}), _S.NORMAL),
        Transition(
            "cancel_after_loss",
            Words("挂失后注销", "Cancel after loss"),
            frozenset({_S.LOST}),
            _S.CANCELLED_AFTER_LOSS,
            automatic=True,
        ),
        _CANCEL,
    ),
)
"""The social-security card. Filing a replacement is an act of its own: the card stays lost, its loss can no longer be
withdrawn, and it is cancelled after loss when the new card is activated."""

E_CARD = LifeCycle(CARD.first, {})
"""The e-social-security card: it has the state of its card, always, and no transition of its own."""

LICENCE = LifeCycle(
    (_S.NORMAL, _S.SUSPENDED, _S.LOST, _S.CANCELLED),
    _table(
        Transition("suspend", Words("暂扣", "Suspend"), frozenset({_S.NORMAL}), _S.SUSPENDED),
        Transition("restore", Words("恢复", "Restore"), frozenset({_S.SUSPENDED}), _S.NORMAL),
        Transition("report_lost", Words("挂失", "Report lost"), frozenset({_S.NORMAL}), _S.LOST),
        Transition("withdraw_loss", Words("解挂", "Withdraw the report"), frozenset({_S.LOST}), _S.NORMAL),
        _CANCEL,
    ),
)
"""Each of the eight licences."""

ELIGIBILITY = LifeCycle(
    (_S.NORMAL, _S.SUSPENDED, _S.CANCELLED),
    _table(
        Transition("suspend", Words("暂停", "Suspend"), frozenset({_S.NORMAL}), _S.SUSPENDED),
        Transition("restore", Words("恢复", "Restore"), frozenset({_S.SUSPENDED}), _S.NORMAL),
        _CANCEL,
    ),
)
"""What is enrolled or entitled: e-ID, e-health card, medical insurance, benefits."""


def life_cycle_of(type_: CredentialType) -> LifeCycle:
    """Return the life cycle of a type."""
    if type_ is CredentialType.SOCIAL_SECURITY_CARD:
        return CARD
    if type_ is CredentialType.E_SOCIAL_SECURITY_CARD:
        return E_CARD
    return LICENCE if type_ in LICENCES else ELIGIBILITY
