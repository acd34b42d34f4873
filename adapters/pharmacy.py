"""The pharmacy: identity, insurance, and medicines that are sold by name within limits of the whole city."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Protocol

import msgspec

from adapters.contract import Details, Effect, Ledger, ScanBody
from codeservice.city import city_date, midnight
from codeservice.code import Kind
from codeservice.entitlement import Entitlement, Insured
from codeservice.errors import Rejected, UnprocessableError
from codeservice.policy import OfflinePolicy, Part, ScenePolicy, Text
from codeservice.reason import Reason, Words
from codeservice.scan import Verified
from codeservice.scene import SCENES

Code = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,19}$")]
Days = Annotated[int, msgspec.Meta(ge=1, le=180)]

_PRESCRIPTION = "prescription"
_DAY = 24 * 3600


class MedicineClass(Part, frozen=True):
    """Medicines that are sold by name: `packages` for one person in one period, over all pharmacies of the city.

    A period is a civil day, week (from Monday) or month, or so many days back from the sale. Nobody below `least_age`
    buys. With `document` an ID document is checked beside the code; with `typed` its typed number is enough. With
    `registration` buyers are registered while the authority has switched that on.
    """

    code: Code
    title: Text
    packages: Annotated[int, msgspec.Meta(ge=1, le=99)]
    period: Literal["day", "week", "month"] | Days
    least_age: Annotated[int, msgspec.Meta(ge=0, le=120)] = 0
    document: bool = False
    typed: bool = False
    registration: bool = False

    def since(self, now: int) -> int:
        """Return the last moment (epoch seconds) whose sales do not count any more."""
        if isinstance(self.period, int):
            return now - self.period * _DAY
        day = city_date(now)
        if self.period == "week":
            day -= timedelta(days=day.weekday())
        elif self.period == "month":
            day = day.replace(day=1)
        return midnight(day) - 1


class RegistrationRule(Part, frozen=True):
    """What registered buyers are asked: one reason and any symptoms, each by its code; kept for `keep_days`."""

    reasons: dict[Code, Text]
    symptoms: dict[Code, Text]
    keep_days: Days


class PharmacyPolicy(ScenePolicy, frozen=True):
    """What a policy of this scene says: classes with limits, the registry's questions, and minutes to take back."""

    classes: tuple[MedicineClass, ...] = ()
    registration: RegistrationRule | None = None
    reversal_minutes: Annotated[int, msgspec.Meta(ge=0, le=24 * 60)] = 0

    def __post_init__(self) -> None:
        """Raise ValueError for classes that contradict each other or the registry."""
        ScenePolicy.__post_init__(self)
        codes = [class_.code for class_ in self.classes]
        if len(set(codes)) != len(codes) or _PRESCRIPTION in codes:
            raise ValueError(f"classes: each code once, and none is {_PRESCRIPTION}")
        if self.registration is None and any(class_.registration for class_ in self.classes):
            raise ValueError("registration: a class asks for it, and nothing says what is asked")

    def find(self, code: str) -> MedicineClass | None:
        """Find a class."""
        return next((class_ for class_ in self.classes if class_.code == code), None)


class Medicine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is about to be sold: a class with a limit, and packages."""

    class_: Annotated[str, msgspec.Meta(max_length=20)] = msgspec.field(name="class")
    packages: Annotated[int, msgspec.Meta(ge=1, le=99)]


class Registration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a registered buyer has answered, by codes; there is no free text."""

    reason: Code
    symptoms: Annotated[tuple[Code, ...], msgspec.Meta(max_length=20)] = ()


class PharmacyBody(ScanBody, frozen=True, forbid_unknown_fields=True):
    """A code, the medicine if one with a limit is sold, and the buyer's answers if its class is registered now."""

    private: ClassVar[frozenset[str]] = frozenset({"registration"})

    medicine: Medicine | None = None
    registration: Registration | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for answers without a sale."""
        ScanBody.__post_init__(self)
        if self.registration is not None and self.medicine is None:
            raise ValueError("buyers are registered with what they buy")


class PharmacyEffect(Effect, frozen=True, forbid_unknown_fields=True):
    """What was sold of a class with a limit, and how much the holder may still buy; None when nothing was.

    `insured` is what the holder's grant says.
    """

    medicine: str | None
    packages: int | None
    remaining: int | None
    insured: bool | None = None
    registered: bool = False


class PharmacyDetails(Details, frozen=True):
    """What a till sees."""

    name: str
    id_number: str
    medicine: str | None
    medicine_title: Words | None
    packages: int | None
    remaining: int | None
    insured: bool | None = None


class PharmacyLedger(Ledger, Protocol):
    """What only the service can tell; elsewhere each raises Rejected with temporarily_unavailable."""

    def age(self, now: int, /) -> int:
        """Return the holder's age in completed years."""
        ...

    def sell(  # noqa: PLR0913 -- a sale, and what bounds it
        self, class_: str, title: Words, packages: int, /, *, limit: int, since: int, now: int
    ) -> int | None:
        """Book packages for the holder unless all pharmacies sold more than `limit` after `since`; return the rest."""
        ...

    def is_registering(self) -> bool:
        """Whether the authority has switched the registry on."""
        ...

    def register(self, reason: str, symptoms: Sequence[str], /, *, expires: int) -> None:
        """Put the buyer of this sale into the registry until a moment (epoch seconds)."""
        ...


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
                zh="请核对身份证；限购药品和处方暂不能售",
                en="Check the ID card; no medicines with a limit and no prescriptions now",
            ),
            holder_limit=20,
            terminal_limit=5_000,
        ),
        classes=(
            MedicineClass(
                code="ephedrine",
                title=Text(zh="含麻黄碱复方制剂", en="Medicines with ephedrine"),
                packages=2,
                period="day",
            ),
        ),
        reversal_minutes=30,
    )
    body = PharmacyBody
    effect = PharmacyEffect
    details = PharmacyDetails

    def decide(
        self, verified: Verified, body: PharmacyBody, ledger: PharmacyLedger, policy: PharmacyPolicy, now: int
    ) -> Mapping[str, object]:
        """Book the packages, all of them or none.

        Raises UnprocessableError for a class that the policy does not have, and for answers that are missing, unknown
        or not asked for.
        """
        effect: dict[str, object] = {"medicine": None, "packages": None, "remaining": None}
        effect |= {"insured": _insured(verified), "registered": False}
        if body.medicine is None:
            return effect
        # First what only the service knows: without it a terminal cannot say more.
        registering = ledger.is_registering()
        class_, packages = policy.find(body.medicine.class_), body.medicine.packages
        if class_ is None:
            raise UnprocessableError("medicine_not_found")
        answers = _answers(body, class_, policy, registering=registering)
        _require_person(class_, verified.kind, document_checked=body.document_checked)
        if class_.least_age > 0 and ledger.age(now) < class_.least_age:
            raise Rejected(Reason.NOT_ENTITLED)
        title = class_.title.words
        left = ledger.sell(class_.code, title, packages, limit=class_.packages, since=class_.since(now), now=now)
        if left is None:
            raise Rejected(Reason.LIMIT_REACHED)
        if answers is not None and policy.registration is not None:
            expires = now + policy.registration.keep_days * _DAY
            ledger.register(answers.reason, sorted(set(answers.symptoms)), expires=expires)
        sold = {"medicine": class_.code, "packages": packages, "remaining": left, "registered": answers is not None}
        return effect | sold

    def settle(self, _effect: PharmacyEffect, _ledger: Ledger, _now: int) -> None:
        """Leave it as it is: without the service no till sells what has a limit."""

    def reply(
        self, effect: Mapping[str, Any], disclosed: Mapping[str, Any], policy: PharmacyPolicy
    ) -> tuple[Words, PharmacyDetails]:
        """Say what may be handed over."""
        medicine = effect["medicine"]
        class_ = policy.find(medicine) if medicine else None
        details = PharmacyDetails(
            disclosed.get("name", ""),
            disclosed.get("id_number", ""),
            medicine,
            # A class that this version does not have any more is shown by its code.
            class_.title.words if class_ else Words(medicine, medicine) if medicine else None,
            effect["packages"],
            effect["remaining"],
            effect.get("insured"),
        )
        if medicine is None:
            return Words("身份已核验", "Identity verified"), details
        return Words("已登记，可以售药", "Recorded, may be sold"), details


def _insured(verified: Verified) -> bool | None:
    said = verified.grant.entitlements.get(Entitlement.INSURED)
    return None if said is None else said != Insured.NONE


def _require_person(class_: MedicineClass, kind: Kind, *, document_checked: bool) -> None:
    if (class_.document and not document_checked) or (kind is Kind.TYPED and not class_.typed):
        raise Rejected(Reason.SECOND_FACTOR_REQUIRED)


def _answers(
    body: PharmacyBody, class_: MedicineClass, policy: PharmacyPolicy, *, registering: bool
) -> Registration | None:
    """Return the buyer's answers where they are asked for; raises UnprocessableError."""
    rule, answers = policy.registration, body.registration
    if not (registering and class_.registration and rule is not None):
        if answers is not None:
            raise UnprocessableError("registration_not_asked")
        return None
    if answers is None or answers.reason not in rule.reasons or set(answers.symptoms) - rule.symptoms.keys():
        raise UnprocessableError("registration_required")
    return answers
