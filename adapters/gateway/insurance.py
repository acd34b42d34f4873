"""Redeeming insurance tokens: what the insurance credential says at this moment, once."""

from typing import Annotated

import msgspec
from flask import Blueprint

from adapters.gateway.hospital_partner import PROBLEMS, require_hospital
from adapters.hospital import Business, Operator
from codeservice.credential import CredentialType
from codeservice.disclosure import CONSENT_SINCE
from codeservice.errors import UnprocessableError
from codeservice.services import Services
from codeservice.store import account, audit, health_record, insurance, pairwise, person
from codeservice.store.database import Connection
from codeservice.web.operation import Answer, Body, Security, operation
from codeservice.web.verification import require_act

door = Blueprint("insurance", __name__)

SCOPE = "insurance"


class InsuranceRedemption(Body, frozen=True):
    """A token, with the clerk and the business that it was issued for."""

    token: Annotated[str, msgspec.Meta(max_length=100)]
    operator: Operator
    business: Business


class Eligibility(Answer, frozen=True):
    """Whether the patient is insured now, how (employee or resident), and in which region (GB/T 2260)."""

    insured: bool
    kind: str | None
    region: str | None
    patient: str
    scan: str
    at: int
    repeat: bool


@operation(
    door,
    "POST /api/v1/insurance-tokens/redemptions",
    body=InsuranceRedemption,
    returns=Eligibility,
    security=Security.BEARER,
    scope=SCOPE,
    headers=("Idempotency-Key",),
    problems=(*PROBLEMS, "idempotency_key_required", "insurance_token_refused"),
)
def redeem_insurance_token(services: Services, body: InsuranceRedemption) -> Eligibility:
    """Redeem a token once. One answer for a token that is unknown, used, too old, or bound to somebody else."""
    now = services.clock()
    who = require_hospital(services, scope=SCOPE, now=now)
    act = require_act()
    binding = insurance.Binding(who.client.partner, body.operator, body.business)

    def work(connection: Connection) -> Eligibility | None:
        redeemed = insurance.redeem(connection, body.token, binding, client=who.client.id, act=act, now=now)
        if redeemed is None:
            return None
        holder = redeemed.person
        # A consent that was withdrawn meanwhile counts at once; the token is used up all the same.
        if account.consent_version(connection, holder, "hospital") < CONSENT_SINCE["insurance_token"]:
            return None
        cards = person.cards_of(connection, services.vault, holder)
        card = next((card for card in cards if card.type is CredentialType.MEDICAL_INSURANCE and card.holds(now)), None)
        region = person.find_holder(connection, services.vault, holder).region
        answer = Eligibility(
            insured=card is not None,
            kind=None if card is None else str(card.claims.get("kind")),
            region=None if card is None else region,
            patient=pairwise.find_or_add(connection, services.vault, who.client.partner, holder, now=now),
            scan=redeemed.scan,
            at=now,
            repeat=redeemed.repeat,
        )
        if redeemed.repeat:
            return answer
        access = health_record.Access(
            holder,
            who.client.partner,
            who.client.id,
            body.operator,
            "insurance",
            "insured",
            "insured",
            body.business,
            f"scan:{redeemed.scan}",
            now,
        )
        health_record.note_access(connection, access)
        audit.add(
            connection,
            at=now,
            actor=f"client:{who.client.id}",
            action="insurance_token_redeemed",
            subject=f"scan:{redeemed.scan}",
            details={"business": body.business, "operator": body.operator, "insured": answer.insured},
        )
        return answer

    answer = services.database.transact(work)
    if answer is None:
        raise UnprocessableError("insurance_token_refused")
    return answer
