"""Authorities: what a partner that owns types of credentials says of a person, read and checked. No I/O.

A remit is what one authority owns: a type, or one category of benefits, as `benefit.student`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from codeservice.city import midnight
from codeservice.claims import Category, ClaimsError, read_claims
from codeservice.credential import (
    LICENCES,
    CredentialState,
    CredentialType,
    IdNumber,
    InvalidIdNumberError,
)
from codeservice.errors import ConflictError, ForbiddenError, ServiceError, UnprocessableError
from codeservice.licence import InvalidLicenceIdentifierError, LicenceIdentifier
from codeservice.lifecycle import life_cycle_of

READ, WRITE = "credentials:read", "credentials:write"
"""Scopes of an authority's back end."""

OFFICE = "office"
"""Scene of an authority's place: nothing is scanned there, so it is no scene of a grant."""

REPLY_WITHIN = 10 * 24 * 3600
"""Seconds in which an authority has to answer a request for a correction."""

MAX_NUMBER = 96
"""Characters of the longest number of a credential."""

_MAX_NAME = 60
_FORMULA = ("=", "+", "-", "@")
_REGION = re.compile(r"[0-9]{6}", re.ASCII)
_PHONE = re.compile(r"1[0-9]{10}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Fault(StrEnum):
    """Why a statement is refused. Those of statements are wire names of errors too; added, never renamed."""

    UNKNOWN_TYPE = "credential_type_unknown"
    WRONG_OWNER = "type_of_another_authority"
    NUMBER = "credential_number_not_readable"
    NUMBER_CHECK = "licence_identifier_wrong"
    ID_NUMBER = "id_number_not_readable"
    NAME = "name_not_readable"
    CLAIMS = "claims_not_readable"
    STATE = "state_not_readable"
    VALIDITY = "validity_not_readable"
    FORMULA = "formula_refused"
    SUBJECT = "subject_mismatch"
    NO_CARD = "card_of_e_card_missing"
    STATE_NOT_REACHABLE = "card_state_not_allowed"
    # of files only
    PERSON_UNKNOWN = "person_unknown"
    PERSON_INCOMPLETE = "person_incomplete"
    ENCODING = "encoding_broken"
    TOO_LONG = "row_too_long"
    QUOTING = "quoting_broken"
    CELLS = "cells_do_not_fit_header"
    NOT_JSON = "not_a_json_object"
    UNKNOWN_FIELD = "field_unknown"
    FIELD_MISSING = "field_missing"
    DUPLICATE = "duplicate_in_file"


FORBIDDEN = frozenset({Fault.WRONG_OWNER})
CONFLICTS = frozenset({Fault.STATE_NOT_REACHABLE})


class StatementError(Exception):
    """A statement is refused for one reason."""

    def __init__(self, fault: Fault) -> None:
        """Keep the reason."""
        super().__init__(fault.value)
        self.fault = fault

    def as_service_error(self) -> ServiceError:
        """Return the error of the wire."""
        if self.fault in FORBIDDEN:
            return ForbiddenError(self.fault)
        return ConflictError(self.fault) if self.fault in CONFLICTS else UnprocessableError(self.fault)


@dataclass(frozen=True)
class Statement:
    """What an authority says. Times are epoch seconds, `valid_until` exclusive; no `state` means the usual one.

    `region` and `phone` are of a person who is not known yet.
    """

    type: CredentialType
    number: str
    id_number: IdNumber
    name: str
    claims: dict[str, Any]
    state: CredentialState | None
    valid_from: int
    valid_until: int | None
    region: str | None = None
    phone: str | None = None

    @property
    def remit(self) -> str:
        """What must belong to the authority."""
        return remit_of(self.type, self.claims)


def remit_of(type_: CredentialType, claims: Mapping[str, Any]) -> str:
    """Return the remit of a credential."""
    return f"{type_}.{claims.get('category')}" if type_ is CredentialType.BENEFIT else type_.value


def every_remit() -> list[str]:
    """Return all remits that there are."""
    types = [type_.value for type_ in CredentialType if type_ is not CredentialType.BENEFIT]
    return [*types, *(f"{CredentialType.BENEFIT}.{category}" for category in Category)]


def read_statement(  # noqa: PLR0913 -- the fields of one row
    *,
    type_: str,
    number: str,
    id_number: str,
    name: str,
    claims: Mapping[str, Any],
    valid_from: str,
    valid_until: str | None = None,
    state: str | None = None,
    region: str | None = None,
    phone: str | None = None,
    strict: bool = True,
) -> Statement:
    """Read and check everything that needs no look-up; raises StatementError with the first fault."""
    if type_ not in set(CredentialType):
        raise StatementError(Fault.UNKNOWN_TYPE)
    known = CredentialType(type_)
    for text in (number, name, *claims.values()):
        if isinstance(text, str) and text.startswith(_FORMULA):
            raise StatementError(Fault.FORMULA)
    if not _is_clean(name, _MAX_NAME):
        raise StatementError(Fault.NAME)
    starts, ends = read_validity(valid_from, valid_until)
    if region is not None and not _REGION.fullmatch(region):
        raise StatementError(Fault.PERSON_INCOMPLETE)
    if phone is not None and not _PHONE.fullmatch(phone):
        raise StatementError(Fault.PERSON_INCOMPLETE)
    return Statement(
        type=known,
        number=_read_number(known, number),
        id_number=_read_id_number(id_number),
        name=name,
        claims=checked_claims(known, claims, strict=strict),
        state=_read_state(known, state),
        valid_from=starts,
        valid_until=ends,
        region=region,
        phone=phone,
    )


def checked_claims(type_: CredentialType, claims: Mapping[str, Any], *, strict: bool = True) -> dict[str, Any]:
    """Read claims of a type, their texts too; raises StatementError."""
    if any(isinstance(value, str) and value.startswith(_FORMULA) for value in claims.values()):
        raise StatementError(Fault.FORMULA)
    try:
        read = read_claims(type_, claims, strict=strict)
    except ClaimsError as error:
        raise StatementError(Fault.CLAIMS) from error
    if not all(value.isprintable() for value in read.values() if isinstance(value, str)):
        raise StatementError(Fault.CLAIMS)
    return read


def read_validity(first: str, last: str | None) -> tuple[int, int | None]:
    """Read the first and the last day (ISO 8601) as epoch seconds, the end exclusive; raises StatementError."""
    try:
        starts = midnight(_read_day(first))
        ends = None if last is None else midnight(_read_day(last) + timedelta(days=1))
    except (ValueError, OverflowError) as error:
        raise StatementError(Fault.VALIDITY) from error
    if ends is not None and ends <= starts:
        raise StatementError(Fault.VALIDITY)
    return starts, ends


def _read_day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise ValueError
    return date.fromisoformat(text)


def _read_number(type_: CredentialType, number: str) -> str:
    if type_ in LICENCES:
        try:
            return LicenceIdentifier.read(number).text
        except InvalidLicenceIdentifierError as error:
            raise StatementError(Fault.NUMBER_CHECK) from error
    if not _is_clean(number, MAX_NUMBER):
        raise StatementError(Fault.NUMBER)
    return number


def _read_id_number(text: str) -> IdNumber:
    try:
        return IdNumber.read(text)
    except InvalidIdNumberError as error:
        raise StatementError(Fault.ID_NUMBER) from error


def _read_state(type_: CredentialType, text: str | None) -> CredentialState | None:
    if text is None:
        return None
    # The state of an e-card is that of its card, whatever its row says.
    if text not in {state.value for state in life_cycle_of(type_).first}:
        raise StatementError(Fault.STATE)
    return CredentialState(text)


def _is_clean(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest and text.isprintable() and text == text.strip()
