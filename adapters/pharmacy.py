"""The pharmacy: identity, and limits on medicines that are sold by name."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from adapters.contract import Details, Effect, Ledger, ScanBody
from codeservice.city import city_day
from codeservice.errors import Rejected
from codeservice.policy import OfflinePolicy, ScenePolicy, Text
from codeservice.reason import Reason, Words
from codeservice.scan import Verified
from codeservice.scene import SCENES

LIMITS = {"ephedrine": 2}
"""Packages of a medicine class for one person on one day, over all pharmacies of the city."""

TITLES = {"ephedrine": Words("含麻黄碱复方制剂", "Medicines with ephedrine")}


class Medicine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is about to be sold: a class with a limit, and packages."""

    class_: Literal["ephedrine"] = msgspec.field(name="class")
    packages: Annotated[int, msgspec.Meta(ge=1, le=99)]


class PharmacyBody(ScanBody, frozen=True, forbid_unknown_fields=True):
    """A code, and the medicine if one with a limit is sold."""

    medicine: Medicine | None = None


class PharmacyEffect(Effect, frozen=True, forbid_unknown_fields=True):
    """What was sold of a class with a limit, and how much the holder may still buy; None when nothing was."""

    medicine: str | None
    packages: int | None
    remaining: int | None


class PharmacyDetails(Details, frozen=True):
    """What a till sees."""

    name: str
    id_number: str
    medicine: str | None
    medicine_title: Words | None
    packages: int | None
    remaining: int | None


class PharmacyPolicy(ScenePolicy, frozen=True):
    """What a policy of this scene says; the common part, for now."""


class Pharmacy:
    """A till of any pharmacy of the city."""

    scene = SCENES["pharmacy"]
    policy = PharmacyPolicy
    default = PharmacyPolicy(
        kinds=frozenset({"device", "served", "digit"}),
        with_document=frozenset({"paper"}),
        discloses=dict.fromkeys(SCENES["pharmacy"].attributes, "full"),
        holder_check=True,
        offline=OfflinePolicy(
            list_age=4 * 3600,
            let_pass=False,
            advice=Text(
                zh="请核对身份证；限购药品暂不能售", en="Check the ID card; medicines with a limit cannot be sold now"
            ),
            holder_limit=20,
            terminal_limit=5_000,
        ),
    )
    body = PharmacyBody
    effect = PharmacyEffect
    details = PharmacyDetails

    def decide(
        self, _verified: Verified, body: PharmacyBody, ledger: Ledger, _policy: PharmacyPolicy, now: int
    ) -> Mapping[str, object]:
        """Book the packages; all of them or none."""
        if body.medicine is None:
            return {"medicine": None, "packages": None, "remaining": None}
        class_, packages = body.medicine.class_, body.medicine.packages
        remaining = ledger.take_everywhere(f"medicine:{class_}:{city_day(now)}", packages, LIMITS[class_])
        if remaining is None:
            raise Rejected(Reason.LIMIT_REACHED)
        return {"medicine": class_, "packages": packages, "remaining": remaining}

    def settle(self, _effect: PharmacyEffect, _ledger: Ledger, _now: int) -> None:
        """Leave it as it is: without the service no till sells what has a limit."""

    def reply(
        self, effect: Mapping[str, Any], disclosed: Mapping[str, Any], _policy: PharmacyPolicy
    ) -> tuple[Words, PharmacyDetails]:
        """Say what may be handed over."""
        medicine = effect["medicine"]
        details = PharmacyDetails(
            disclosed.get("name", ""),
            disclosed.get("id_number", ""),
            medicine,
            TITLES[medicine] if medicine else None,
            effect["packages"],
            effect["remaining"],
        )
        if medicine is None:
            return Words("身份已核验", "Identity verified"), details
        return Words("已登记，可以售药", "Recorded, may be sold"), details
