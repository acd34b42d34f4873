"""Tables of the service, a file per noun.

Personal data is in columns that end in `_sealed` (encrypted) or `_index` (blind).
"""

from codeservice.store.models.account import (
    Account,
    BindingTicket,
    Challenge,
    Consent,
    Device,
    LinkedCard,
    Message,
    ScanDispute,
    Session,
    WechatIdentity,
)
from codeservice.store.models.audit import AuditCheckpoint, AuditEntry
from codeservice.store.models.authority import (
    CorrectionRequest,
    CredentialChange,
    ImportFault,
    ImportRun,
    LicenceCopy,
    Remit,
)
from codeservice.store.models.base import Table
from codeservice.store.models.client import Client, Partner, Place, UsedAssertion
from codeservice.store.models.emergency_access import EmergencyAccess
from codeservice.store.models.encounter import Encounter, PairwiseSubject
from codeservice.store.models.fact import Fact
from codeservice.store.models.grant import DigitHandle, Grant, PublishedList, PublishedSnapshot, StatusList
from codeservice.store.models.hall import HallApplication, HallFollowUp, HallReview, HallVisit, HallWindow
from codeservice.store.models.health_record import HealthAccess, RecordConsent, RecordRequest
from codeservice.store.models.health_status import (
    HealthAppeal,
    HealthCertificate,
    HealthChange,
    HealthEvidence,
    HealthOrder,
    HealthRule,
    HealthStatus,
)
from codeservice.store.models.household import HouseholdTie
from codeservice.store.models.insurance import InsuranceToken
from codeservice.store.models.medicine import (
    MedicineRegistration,
    MedicineSale,
    MedicineSwitch,
    Prescription,
    PrescriptionItem,
    RedeemedItem,
    Redemption,
)
from codeservice.store.models.notice import Notice
from codeservice.store.models.officer import Officer
from codeservice.store.models.person import Credential, Person
from codeservice.store.models.policy import Policy, PolicySwitch, PolicyTrial
from codeservice.store.models.proposal import Proposal
from codeservice.store.models.scan import FirstUse, Moment, Quarantine, Scan, ScanMark, Stream, StreamRange, Tally
from codeservice.store.models.ticket import PosterPrint, Ticket, TicketSale, VenuePassage, VisitPass
from codeservice.store.models.transit import TransitDispute, TransitStatement

__all__ = [
    "Account",
    "AuditCheckpoint",
    "AuditEntry",
    "BindingTicket",
    "Challenge",
    "Client",
    "Consent",
    "CorrectionRequest",
    "Credential",
    "CredentialChange",
    "Device",
    "DigitHandle",
    "EmergencyAccess",
    "Encounter",
    "Fact",
    "FirstUse",
    "Grant",
    "HallApplication",
    "HallFollowUp",
    "HallReview",
    "HallVisit",
    "HallWindow",
    "HealthAccess",
    "HealthAppeal",
    "HealthCertificate",
    "HealthChange",
    "HealthEvidence",
    "HealthOrder",
    "HealthRule",
    "HealthStatus",
    "HouseholdTie",
    "ImportFault",
    "ImportRun",
    "InsuranceToken",
    "LicenceCopy",
    "LinkedCard",
    "MedicineRegistration",
    "MedicineSale",
    "MedicineSwitch",
    "Message",
    "Moment",
    "Notice",
    "Officer",
    "PairwiseSubject",
    "Partner",
    "Person",
    "Place",
    "Policy",
    "PolicySwitch",
    "PolicyTrial",
    "PosterPrint",
    "Prescription",
    "PrescriptionItem",
    "Proposal",
    "PublishedList",
    "PublishedSnapshot",
    "Quarantine",
    "RecordConsent",
    "RecordRequest",
    "RedeemedItem",
    "Redemption",
    "Remit",
    "Scan",
    "ScanDispute",
    "ScanMark",
    "Session",
    "StatusList",
    "Stream",
    "StreamRange",
    "Table",
    "Tally",
    "Ticket",
    "TicketSale",
    "TransitDispute",
    "TransitStatement",
    "UsedAssertion",
    "VenuePassage",
    "VisitPass",
    "WechatIdentity",
]
