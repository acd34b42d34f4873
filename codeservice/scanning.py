"""One scan from text to a recorded decision: the same for terminals and for partners' back ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from codeservice.code import Grant, Kind
from codeservice.credential import CredentialType, IdNumber, InvalidIdNumberError
from codeservice.digit import TERMINAL_TRIES, is_digit_code, is_password, read_digit_code
from codeservice.disclosure import NOTHING, Attributes, Disclosed, disclose
from codeservice.errors import ConflictError, Rejected
from codeservice.insurance import token_of
from codeservice.issuing import entitlements_for
from codeservice.permitting import obstacles
from codeservice.reason import Reason
from codeservice.scan import Caller, Decision, Outcome, Policy, Typed, Verified
from codeservice.scene import Scene, mask_of, scenes_named
from codeservice.services import Services
from codeservice.store import account, audit, client, device, digit, grant, insurance, person, scan, tally
from codeservice.store.database import Connection
from codeservice.store.record import Record
from codeservice.verifier import conclude, require_policy

REPEAT_SECONDS = 600
"""How long a repeated act is answered with attributes: a lost answer is asked for again at once, or not at all."""

TYPED_AN_HOUR = 120
"""Numbers that staff of one place may type in an hour."""

ID_NUMBER = "id_number"
"""The document whose number is the holder's own."""

_CODE = "code"
"""Kind of the keyed hash of what a scan asked."""


@dataclass(frozen=True)
class Answer:
    """A recorded scan, what was disclosed with it, and whether it was answered before."""

    scan: scan.StoredScan
    disclosed: Disclosed
    repeat: bool


@dataclass(frozen=True)
class Presented:
    """What was presented at a counter, and asked for with it.

    `text` is the code as scanned, empty when staff have `typed` a number instead. The same `act` gets the same answer
    again; `about` is everything that was asked in bytes, so that an act cannot be used for another code or another
    sale. `body` is what of it may be kept for the trial of a policy.
    """

    text: str
    act: str
    document_checked: bool = False
    typed: Typed | None = None
    about: bytes = b""
    body: Mapping[str, object] = field(default_factory=dict)


def decide(  # noqa: PLR0913 -- one argument for each party to a scan
    services: Services,
    caller: Caller,
    presented: Presented,
    *,
    policy: Policy,
    rules: Callable[[Verified, Record], Mapping[str, object]],
    now: int,
    version: str | None = None,
) -> Answer:
    """Decide, book, disclose and record in one transaction; `version` names the policy for the record.

    Raises ConflictError when the act was used for something else, ForbiddenError when the caller was suspended,
    UnavailableError when the record cannot be reached.
    """
    text, act = presented.text, presented.act
    asked = f"{text} {presented.document_checked} {presented.about.hex()}"
    fingerprint = services.vault.index(asked, kind=_CODE)

    def prove(connection: Connection, record: Record) -> Callable[[], Verified] | None:
        if presented.typed is not None:
            typed = presented.typed
            return lambda: _prove_typed(services, connection, record, policy.scene, typed, now)
        if is_digit_code(text):
            return lambda: _prove_digits(services, connection, caller, text, now)
        return None

    def work(connection: Connection) -> Answer:
        client.require_active(connection, caller.id)
        earlier = scan.find_by_act(connection, caller, act)
        if earlier is not None:
            if not services.vault.matches(earlier.fingerprint, asked, kind=_CODE):
                raise ConflictError("idempotency_key_reused")
            return Answer(earlier, _disclose_again(services, connection, policy, earlier, now), repeat=True)
        record = Record(connection, services.revoked, caller, vault=services.vault)
        proving = prove(connection, record)
        if proving is not None:
            decision = conclude(
                proving,
                lambda proved: require_policy(
                    proved,
                    policy,
                    now=now,
                    document_checked=presented.document_checked and presented.typed is not None,
                ),
                memory=record,
                rules=rules,
            )
        else:
            decision = services.verifier.decide(
                text,
                policy=policy,
                memory=record,
                rules=rules,
                now=now,
                document_checked=presented.document_checked,
            )
        if decision.verified is not None and record.person is None:
            record.know(decision.verified.grant.list, decision.verified.grant.idx)
        stored = _stored(decision, record, caller, presented, fingerprint, now)
        disclosed = _disclose(services, connection, policy, stored)
        stored = replace(stored, disclosed=dict(disclosed.forms), policy=version)
        scan.add(connection, stored)
        audit.add(
            connection,
            at=now,
            actor=f"client:{caller.id}",
            action="scan",
            subject=f"scan:{stored.id}",
            details={"outcome": stored.outcome, "reason": stored.reason, "disclosed": dict(disclosed.forms)},
        )
        return Answer(stored, disclosed, repeat=False)

    return services.database.transact(work)


def _prove_typed(  # noqa: PLR0913, PLR0917 -- what identifies a person by a document
    services: Services, connection: Connection, record: Record, scene: Scene, typed: Typed, now: int
) -> Verified:
    """Identify the holder of a document that staff have checked: steps 1 to 3 without a code. Raises Rejected.

    An unknown number and one that cannot be read get the same answer. Everybody of a place shares a count, so that
    nobody can try numbers.
    """
    if tally.take(connection, f"typed:{now // 3600}", record.place, 1, TYPED_AN_HOUR) is None:
        raise Rejected(Reason.TERMINAL_NOT_ALLOWED)
    holder = holder_of(services, connection, typed, now)
    record.identify(holder)
    entitlements = entitlements_for(services, connection, holder, (scene,), now)
    return Verified(Kind.TYPED, Grant(0, 0, scene.mask, entitlements, now, now + 1), now)


def holder_of(services: Services, connection: Connection, typed: Typed, now: int) -> str:
    """Find whose document it is that staff typed the number of; raises Rejected."""
    if typed.document == ID_NUMBER:
        try:
            found = person.find_by_id_number(connection, services.vault, IdNumber.read(typed.number))
        except InvalidIdNumberError as error:
            raise Rejected(Reason.NOT_ENTITLED) from error
        if found is None:
            raise Rejected(Reason.NOT_ENTITLED)
        return found.id
    if typed.document not in set(CredentialType):
        raise Rejected(Reason.NOT_ENTITLED)
    type_ = CredentialType(typed.document)
    card = person.find_card_by_number(connection, services.vault, type_, typed.number.strip())
    if card is None:
        raise Rejected(Reason.NOT_ENTITLED)
    if not card.holds(now):
        # A card that was reported lost identifies nobody, whoever holds it.
        raise Rejected(Reason.SUSPENDED)
    return card.person


def _prove_digits(services: Services, connection: Connection, caller: Caller, text: str, now: int) -> Verified:
    """Verify a digit code: steps 1 to 3 for a code that nobody signed. Raises Rejected.

    An unknown handle, a wrong password and an ended one get the same answer, and every wrong one is counted.
    """
    code = read_digit_code(text)
    handle = digit.find(connection, services.vault, code.handle, now=now)
    if handle is None or not is_password(handle.seed, code.password, now):
        if handle is not None:
            digit.count_try(connection, handle.handle)
        if tally.take(connection, f"digits:{now // 60}", caller.id, 1, TERMINAL_TRIES) is None:
            raise Rejected(Reason.TERMINAL_NOT_ALLOWED)
        raise Rejected(Reason.EXPIRED)
    issued = grant.find(connection, handle.list, handle.idx)
    if issued is None:
        raise Rejected(Reason.TEMPORARILY_UNAVAILABLE)
    if issued.device is None:
        raise Rejected(Reason.TEMPORARILY_UNAVAILABLE)
    # Nothing was signed that would say it: one that is good everywhere is good where the wallet may show codes.
    owner = device.account_of(connection, issued.device)
    scenes = scenes_named(issued.scene)
    barred = obstacles(services, connection, scenes, owner, issued.device)
    scenes = tuple(scene for scene in scenes if scene.name not in barred)
    entitlements = entitlements_for(services, connection, issued.person, scenes, now)
    found = Grant(handle.list, handle.idx, mask_of(scenes), entitlements, issued.issued, handle.expires)
    # One handle, one use: the moment of every showing is the same.
    return Verified(Kind.DIGIT, found, issued.issued)


def attributes_of(services: Services, connection: Connection, holder: str, now: int) -> Attributes:
    """Open what places may ask about a holder."""
    found = person.find_holder(connection, services.vault, holder)
    cards = person.cards_of(connection, services.vault, holder)
    insured = any(card.type is CredentialType.MEDICAL_INSURANCE and card.holds(now) for card in cards)
    health_card = next(
        (card.number for card in cards if card.type is CredentialType.E_HEALTH_CARD and card.holds(now)), None
    )
    return Attributes(found.name, found.id_number.text, insured, health_card)


def _disclose(services: Services, connection: Connection, policy: Policy, stored: scan.StoredScan) -> Disclosed:
    if stored.outcome != Outcome.ACCEPTED or stored.person is None or not policy.discloses:
        return NOTHING
    version = account.consent_version(connection, stored.person, policy.scene.name)
    attributes = attributes_of(services, connection, stored.person, stored.at)
    until = stored.effect.get("token_until")
    if isinstance(until, int):
        # The token of a scan is the same when its answer is asked for again; only its hash is kept.
        attributes = replace(attributes, insurance_token=token_of(services.vault, stored.id, at=stored.at))
    disclosed = disclose(policy, attributes, consent=version > 0, version=version)
    if isinstance(until, int) and attributes.insurance_token is not None and "insurance_token" in disclosed.values:
        binding = insurance.Binding(stored.partner, str(stored.effect["operator"]), str(stored.effect["business"]))
        insurance.add(
            connection,
            attributes.insurance_token,
            binding,
            scan=stored.id,
            person=stored.person,
            now=stored.at,
            expires=until,
        )
    return disclosed


def _disclose_again(
    services: Services, connection: Connection, policy: Policy, earlier: scan.StoredScan, now: int
) -> Disclosed:
    """Answer a repeated act: never more than was recorded the first time, and nothing once the act is over."""
    if now - earlier.at > REPEAT_SECONDS:
        return NOTHING
    today = _disclose(services, connection, policy, earlier)
    same = {name for name, form in today.forms.items() if earlier.disclosed.get(name) == form}
    values = {name: value for name, value in today.values.items() if name in same}
    return Disclosed(values, {name: today.forms[name] for name in same})


def _stored(  # noqa: PLR0913, PLR0917 -- one row
    decision: Decision, record: Record, caller: Caller, presented: Presented, fingerprint: bytes, now: int
) -> scan.StoredScan:
    proved = decision.verified
    has_use = proved is not None and proved.kind is not Kind.TYPED
    list_, idx, iat = proved.use if proved is not None and has_use else (None, None, None)
    return scan.StoredScan(
        id=record.scan,
        client=caller.id,
        act=presented.act,
        fingerprint=fingerprint,
        partner=caller.partner,
        place=caller.place,
        scene=caller.scene,
        at=now,
        person=record.person,
        list=list_,
        idx=idx,
        iat=iat,
        outcome=decision.outcome.value,
        reason=None if decision.reason is None else decision.reason.value,
        effect=dict(decision.effect),
        disclosed={},
        asked=None if proved is None else _kept(proved, presented),
    )


def _kept(proved: Verified, presented: Presented) -> dict[str, object]:
    entitlements = {str(name): value for name, value in proved.grant.entitlements.items()}
    body = dict(presented.body) | {"document_checked": presented.document_checked}
    return {"kind": proved.kind.value, "entitlements": entitlements, "body": body}
