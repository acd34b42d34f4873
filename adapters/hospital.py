"""The hospital desk: identity for check-in, in full only with the holder's consent, masked otherwise."""

from collections.abc import Mapping
from typing import Any

from adapters.contract import Details, Effect, Ledger, ScanBody
from codeservice.policy import OfflinePolicy, ScenePolicy, Text
from codeservice.reason import Words
from codeservice.scan import Verified
from codeservice.scene import SCENES


class HospitalEffect(Effect, frozen=True, forbid_unknown_fields=True):
    """That somebody checked in."""

    check_in: bool


class HospitalDetails(Details, frozen=True):
    """What a desk sees. `insured` is None without the holder's consent."""

    name: str
    id_number: str
    insured: bool | None


class HospitalPolicy(ScenePolicy, frozen=True):
    """What a policy of this scene says; the common part, for now."""


class Hospital:
    """Check-in at a clinic desk."""

    scene = SCENES["hospital"]
    policy = HospitalPolicy
    default = HospitalPolicy(
        kinds=frozenset({"device", "served", "digit"}),
        with_document=frozenset({"paper"}),
        discloses=dict.fromkeys(SCENES["hospital"].attributes, "full"),
        holder_check=True,
        offline=OfflinePolicy(
            list_age=4 * 3600,
            let_pass=False,
            advice=Text(zh="请核对身份证后人工登记", en="Check the ID card and register by hand"),
            holder_limit=20,
            terminal_limit=5_000,
        ),
    )
    body = ScanBody
    effect = HospitalEffect
    details = HospitalDetails

    def decide(
        self, _verified: Verified, _body: ScanBody, _ledger: Ledger, _policy: HospitalPolicy, _now: int
    ) -> Mapping[str, object]:
        """Check the holder in; any valid code of this scene will do."""
        return {"check_in": True}

    def settle(self, _effect: HospitalEffect, _ledger: Ledger, _now: int) -> None:
        """Leave it as it is: nothing about a check-in is counted."""

    def reply(
        self, _effect: Mapping[str, Any], disclosed: Mapping[str, Any], _policy: HospitalPolicy
    ) -> tuple[Words, HospitalDetails]:
        """Say who it is, as far as consent goes."""
        details = HospitalDetails(disclosed.get("name", ""), disclosed.get("id_number", ""), disclosed.get("insured"))
        return Words("已核验，可以登记", "Verified, ready for check-in"), details
