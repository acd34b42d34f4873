"""The hospital desk: registration and check-in by code, card or typed number, with the same visit as the result.

What the desk sees of a patient is what policy and consent allow. The city keeps no medical content: a visit is who,
where and when.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Protocol

import msgspec

from adapters.contract import Details, Effect, Ledger, ScanBody
from codeservice.encounter import ACT_TITLES, Act
from codeservice.errors import Rejected
from codeservice.health_record import Scope
from codeservice.insurance import MAX_LIFE
from codeservice.policy import Count, OfflinePolicy, Part, ScenePolicy, Text
from codeservice.reason import Reason, Words
from codeservice.scan import Verified
from codeservice.scene import SCENES

Department = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,19}$")]
Operator = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,16}$")]
"""A hospital's own short name for a member of staff: a pseudonym, never a name or an ID number."""

Business = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{2,8}$")]
"""What a clerk is about, in the codes of medical insurance: 01101 is a registration."""

EmergencyReason = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,19}$")]


class HospitalBody(ScanBody, frozen=True, forbid_unknown_fields=True):
    """A code or a typed number, and what is done with it.

    `department` is empty for the place as a whole. With `business` and `operator` the answer carries an insurance token
    that is good for them alone.
    """

    act: Literal["register", "check_in"] = "check_in"
    department: Annotated[str, msgspec.Meta(pattern=r"^([a-z][a-z0-9_-]{0,19})?$")] = ""
    operator: Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9-]{1,16})?$")] = ""
    business: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{2,8})?$")] = ""


class HospitalEffect(Effect, frozen=True, forbid_unknown_fields=True):
    """That somebody registered or checked in. `visit` is None where a terminal could not know the number.

    `token_until` is the end of the insurance token that was asked for (epoch seconds).
    """

    check_in: bool
    department: str = ""
    operator: str = ""
    business: str = ""
    visit: str | None = None
    token_until: int | None = None

    @property
    def act(self) -> Act:
        """What was done."""
        return Act.CHECK_IN if self.check_in else Act.REGISTER


class HospitalDetails(Details, frozen=True):
    """What a desk sees; what needs the holder's consent is None without it.

    `visit` is the visit's number. `insurance_token` is for the hospital's server, which redeems it once.
    """

    name: str
    id_number: str
    insured: bool | None
    health_card: str | None = None
    visit: str | None = None
    act: Words | None = None
    department: Words | None = None
    insurance_token: str | None = None


class InsurancePolicy(Part, frozen=True):
    """For which business a clerk gets an insurance token, and how many seconds it lives."""

    businesses: dict[Business, Text]
    seconds: Annotated[int, msgspec.Meta(ge=60, le=MAX_LIFE)] = 300


class EmergencyPolicy(Part, frozen=True):
    """Emergency access: the reasons, how often in an hour at one place, and the parts of a record that it opens."""

    reasons: dict[EmergencyReason, Text]
    hourly: Count
    scopes: frozenset[Scope] = frozenset()


class HospitalPolicy(ScenePolicy, frozen=True):
    """What a policy of this scene says beside the common part.

    `acts` are what may be done at the desk, `departments` where. `insurance` None means no tokens, `emergency` None no
    emergency access. `records` are the parts of a health record that a hospital may ask for. For `resource_days` days
    after a visit has last changed its hospital may read it as FHIR resources.
    """

    acts: frozenset[Literal["register", "check_in"]] = frozenset()
    departments: dict[Department, Text] = {}  # noqa: RUF012 -- msgspec copies an empty default
    insurance: InsurancePolicy | None = None
    emergency: EmergencyPolicy | None = None
    records: frozenset[Scope] = frozenset()
    resource_days: Annotated[int, msgspec.Meta(ge=0, le=366)] = 0


class HospitalLedger(Ledger, Protocol):
    """What this scene may remember."""

    def open_visit(self, act: Act, department: str, now: int) -> str | None:
        """Begin the holder's visit of today at a department, or go on with it.

        Returns its number; None at a terminal, whose scan the service books when it arrives.
        """
        ...


_REGISTERED = Words("已挂号", "Registered")
_CHECKED_IN = Words("已报到", "Checked in")
_LATER = Words("已核验，联网后登记", "Verified; booked when the network is back")


class Hospital:
    """Registration and check-in at a clinic desk."""

    scene = SCENES["hospital"]
    policy = HospitalPolicy
    default = HospitalPolicy(
        kinds=frozenset({"device", "served", "digit"}),
        with_document=frozenset({"paper", "typed"}),
        discloses=dict.fromkeys(SCENES["hospital"].attributes, "full"),
        holder_check=True,
        offline=OfflinePolicy(
            list_age=4 * 3600,
            let_pass=False,
            advice=Text(zh="请核对身份证后人工登记", en="Check the ID card and register by hand"),
            holder_limit=20,
            terminal_limit=5_000,
        ),
        acts=frozenset({"register", "check_in"}),
        departments={
            "internal": Text(zh="内科", en="Internal medicine"),
            "surgery": Text(zh="外科", en="Surgery"),
            "paediatrics": Text(zh="儿科", en="Paediatrics"),
            "fever": Text(zh="发热门诊", en="Fever clinic"),
            "emergency": Text(zh="急诊", en="Emergency department"),
        },
        insurance=InsurancePolicy(
            businesses={
                "01101": Text(zh="挂号", en="Registration"),
                "01103": Text(zh="入院登记", en="Admission"),
                "01301": Text(zh="结算", en="Settlement"),
                "01302": Text(zh="取药", en="Collecting medicine"),
            }
        ),
        emergency=EmergencyPolicy(
            reasons={
                "unconscious": Text(zh="患者昏迷，无法表达", en="The patient is unconscious"),
                "life_threat": Text(zh="危及生命，须立即救治", en="Life is in danger, treatment cannot wait"),
                "unable_to_show": Text(zh="患者无法出示城市码", en="The patient cannot show a code"),
            },
            hourly=10,
            scopes=frozenset({Scope.ALLERGIES}),
        ),
        records=frozenset(Scope),
        resource_days=30,
    )
    body = HospitalBody
    effect = HospitalEffect
    details = HospitalDetails

    def decide(
        self, _verified: Verified, body: HospitalBody, ledger: HospitalLedger, policy: HospitalPolicy, now: int
    ) -> Mapping[str, object]:
        """Book the visit; any valid code of this scene will do, and a typed number gives the same visit.

        Raises Rejected with terminal_not_allowed for an act, a department or a business that the policy does not name.
        """
        insurance = policy.insurance
        known = body.act in policy.acts and (not body.department or body.department in policy.departments)
        if body.business and (insurance is None or body.business not in insurance.businesses or not body.operator):
            known = False
        if not known:
            raise Rejected(Reason.TERMINAL_NOT_ALLOWED)
        act = Act(body.act)
        visit = ledger.open_visit(act, body.department, now)
        has_token = bool(body.business) and insurance is not None and visit is not None
        return {
            "check_in": act is Act.CHECK_IN,
            "department": body.department,
            "operator": body.operator,
            "business": body.business,
            "visit": visit,
            "token_until": now + insurance.seconds if has_token and insurance is not None else None,
        }

    def settle(self, effect: HospitalEffect, ledger: HospitalLedger, now: int) -> None:
        """Book the visit that a terminal could not; the same one whatever arrives first."""
        ledger.open_visit(effect.act, effect.department, now)

    def reply(
        self, effect: Mapping[str, Any], disclosed: Mapping[str, Any], policy: HospitalPolicy
    ) -> tuple[Words, HospitalDetails]:
        """Say who it is, as far as consent goes, and which visit."""
        act = Act.CHECK_IN if effect.get("check_in") else Act.REGISTER
        visit, code = effect.get("visit"), effect.get("department") or ""
        known = policy.departments.get(code)
        details = HospitalDetails(
            disclosed.get("name", ""),
            disclosed.get("id_number", ""),
            disclosed.get("insured"),
            health_card=disclosed.get("health_card"),
            visit=visit,
            act=ACT_TITLES[act],
            department=known.words if known is not None else Words(code, code) if code else None,
            insurance_token=disclosed.get("insurance_token"),
        )
        if visit is None:
            return _LATER, details
        return (_CHECKED_IN if act is Act.CHECK_IN else _REGISTERED), details
