"""HL7 FHIR R4 (4.0.1) resources of visits: builders of plain JSON from what may be told. No I/O.

Modelled on the resources of the base specification; no national profile is claimed. A value that the reader may not
have is left out and marked `masked` by the extension data-absent-reason, never written in part. Every identifier of a
person is pairwise: another hospital has another one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from codeservice.city import CITY_ZONE
from codeservice.credential import IdNumber
from codeservice.encounter import State
from codeservice.health_record import SCOPE_TITLES, Purpose, Scope
from codeservice.reason import Words

MEDIA = "application/fhir+json"
VERSION = "4.0.1"

RESIDENT_ID = "urn:oid:2.16.156.10011.1.3"
"""Identifier system of citizen ID numbers, as Chinese health documents write it."""

HEALTH_CARD = "urn:oid:2.16.156.10011.1.19"
"""Identifier system of health cards, as Chinese health documents write it."""

_HL7 = "http://terminology.hl7.org/CodeSystem"
_MASKED = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}
_STATUS = {
    State.REGISTERED: "planned",
    State.ARRIVED: "arrived",
    State.IN_PROGRESS: "in-progress",
    State.FINISHED: "finished",
    State.CANCELLED: "cancelled",
}
_PURPOSES = {
    Purpose.TREATMENT: ("TREAT", "treatment"),
    Purpose.REFERRAL: ("COC", "coordination of care"),
    Purpose.CHRONIC_CARE: ("CAREMGT", "care management"),
    Purpose.EMERGENCY: ("ETREAT", "Emergency Treatment"),
}

Resource = dict[str, Any]


@dataclass(frozen=True)
class Base:
    """Where a server's resources are (`https://…/fhir/R4`), from which its own identifier systems are named."""

    url: str

    def system(self, name: str) -> str:
        """Return the address of an identifier or code system of this city."""
        return f"{self.url}/systems/{name}"


@dataclass(frozen=True)
class Organisation:
    """A partner as the giver or the reader of care."""

    id: str
    name: str


@dataclass(frozen=True)
class Visit:
    """What an Encounter says: `start` and `end` are epoch seconds, `guardian` is a pairwise identifier."""

    id: str
    number: str
    state: State
    patient: str
    department: Words | None
    is_emergency: bool
    provider: Organisation
    start: int
    end: int | None
    guardian: str | None = None


@dataclass(frozen=True)
class RecordConsent:
    """What a Consent says."""

    id: str
    version: int
    patient: str
    reader: Organisation
    scopes: Sequence[Scope]
    purpose: Purpose
    begins: int
    ends: int
    at: int
    active: bool


def patient(base: Base, id_: str, disclosed: Mapping[str, str | bool], forms: Mapping[str, str]) -> Resource:
    """Write a Patient; only what was disclosed in full is written."""
    told = {name: value for name, value in disclosed.items() if forms.get(name) == "full"}
    identifiers: list[Resource] = [_identifier("PI", base.system("patient"), id_)]
    if "health_card" in told:
        identifiers.append(_identifier("HC", HEALTH_CARD, str(told["health_card"])))
    resource: Resource = {
        "resourceType": "Patient",
        "id": id_,
        "active": True,
        "name": [_name(str(told["name"]) if "name" in told else None)],
    }
    if "id_number" in told:
        number = IdNumber(str(told["id_number"]))
        identifiers.append(_identifier("NI", RESIDENT_ID, number.text))
        # The seventeenth digit is odd for men (GB 11643).
        resource |= {"gender": "male" if int(number.text[16]) % 2 else "female", "birthDate": number.born.isoformat()}
    return resource | {"identifier": identifiers}


def coverage(  # noqa: PLR0913 -- one resource
    base: Base, id_: str, patient_: str, *, kind: str | None, region: str, at: int
) -> Resource:
    """Write a Coverage for a patient who is insured now; `kind` is that of the basic medical insurance."""
    return {
        "resourceType": "Coverage",
        "id": id_,
        "meta": {"lastUpdated": moment(at)},
        "status": "active",
        "type": {
            "coding": [{"system": f"{_HL7}/v3-ActCode", "code": "PUBLICPOL", "display": "public healthcare"}],
            "text": "基本医疗保险",
        },
        "beneficiary": {"reference": f"Patient/{patient_}"},
        "payor": [{"display": "基本医疗保险", "identifier": {"system": base.system("division"), "value": region}}],
        **({"class": [{"type": {"text": "险种"}, "value": kind}]} if kind else {}),
    }


def encounter(base: Base, visit: Visit) -> Resource:
    """Write an Encounter."""
    code, display = ("EMER", "emergency") if visit.is_emergency else ("AMB", "ambulatory")
    period = {"start": moment(visit.start)} | ({} if visit.end is None else {"end": moment(visit.end)})
    resource: Resource = {
        "resourceType": "Encounter",
        "id": visit.id,
        "identifier": [{"system": base.system("visit"), "value": visit.number}],
        "status": _STATUS[visit.state],
        "class": {"system": f"{_HL7}/v3-ActCode", "code": code, "display": display},
        "subject": {"reference": f"Patient/{visit.patient}"},
        "period": period,
        "serviceProvider": _organisation(base, visit.provider),
    }
    if visit.department is not None:
        resource["serviceType"] = {"text": visit.department.zh}
    if visit.guardian is not None:
        resource["participant"] = [{"individual": {"reference": f"RelatedPerson/{visit.guardian}"}}]
    return resource


def consent(base: Base, given: RecordConsent) -> Resource:
    """Write a Consent; a withdrawn or ended one is inactive."""
    code, display = _PURPOSES[given.purpose]
    codes = [
        {"coding": [{"system": base.system("record-scope"), "code": scope.value, "display": SCOPE_TITLES[scope].en}]}
        for scope in given.scopes
    ]
    actor = {
        "role": {"coding": [{"system": f"{_HL7}/v3-ParticipationType", "code": "IRCP"}]},
        "reference": _organisation(base, given.reader),
    }
    return {
        "resourceType": "Consent",
        "id": given.id,
        "meta": {"versionId": str(given.version), "lastUpdated": moment(given.at)},
        "status": "active" if given.active else "inactive",
        "scope": {"coding": [{"system": f"{_HL7}/consentscope", "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0", "display": "Consent Document"}]}],
        "patient": {"reference": f"Patient/{given.patient}"},
        "dateTime": moment(given.at),
        "policyRule": {"coding": [{"system": f"{_HL7}/v3-ActCode", "code": "OPTIN"}]},
        "provision": {
            "type": "permit",
            "period": {"start": moment(given.begins), "end": moment(given.ends)},
            "actor": [actor],
            "purpose": [{"system": f"{_HL7}/v3-ActReason", "code": code, "display": display}],
            "code": codes,
        },
    }


def related_person(id_: str, patient_: str, *, name: str | None) -> Resource:
    """Write the guardian of a patient; the name is None without the guardian's own consent."""
    return {
        "resourceType": "RelatedPerson",
        "id": id_,
        "active": True,
        "patient": {"reference": f"Patient/{patient_}"},
        "relationship": [{"coding": [{"system": f"{_HL7}/v3-RoleCode", "code": "GUARD", "display": "guardian"}]}],
        "name": [_name(name)],
    }


def bundle(base: Base, resources: Sequence[Resource], *, at: int) -> Resource:
    """Write what a search found."""
    entries = [
        {
            "fullUrl": f"{base.url}/{resource['resourceType']}/{resource['id']}",
            "resource": resource,
            "search": {"mode": "match"},
        }
        for resource in resources
    ]
    found: Resource = {"resourceType": "Bundle", "type": "searchset", "timestamp": moment(at), "total": len(entries)}
    return found | ({"entry": entries} if entries else {})


def outcome(code: str, words: Words, *, trace: str) -> Resource:
    """Write an error; `code` is of the value set issue-type."""
    issue = {"severity": "error", "code": code, "details": {"text": f"{words.zh} {words.en}"}}
    return {"resourceType": "OperationOutcome", "issue": [issue | ({"diagnostics": trace} if trace else {})]}


def capabilities(base: Base, searches: Mapping[str, Sequence[str]], *, at: int) -> Resource:
    """Write the CapabilityStatement of a server with these resources and their search parameters."""
    types = {"date": "date", "_id": "token", "identifier": "token"}
    resources = [
        {
            "type": name,
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchParam": [{"name": param, "type": types.get(param, "reference")} for param in params],
        }
        for name, params in searches.items()
    ]
    service = {"coding": [{"system": f"{_HL7}/restful-security-service", "code": "OAuth"}]}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": moment(at),
        "kind": "instance",
        "implementation": {"description": "City code: visits of one's own hospital", "url": base.url},
        "fhirVersion": VERSION,
        "format": [MEDIA],
        "rest": [{"mode": "server", "security": {"service": [service]}, "resource": resources}],
    }


def moment(at: int) -> str:
    """Write epoch seconds as an instant in the city's civil time."""
    return datetime.fromtimestamp(at, UTC).astimezone(CITY_ZONE).isoformat()


def _identifier(type_: str, system: str, value: str) -> Resource:
    return {"type": {"coding": [{"system": f"{_HL7}/v2-0203", "code": type_}]}, "system": system, "value": value}


def _name(name: str | None) -> Resource:
    return {"use": "official", "text": name} if name else {"use": "official", "_text": _MASKED}


def _organisation(base: Base, organisation: Organisation) -> Resource:
    identifier = {"system": base.system("organisation"), "value": organisation.id}
    return {"type": "Organization", "identifier": identifier, "display": organisation.name}
