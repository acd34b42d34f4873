"""Tables of the service, a file per noun.

Personal data is in columns that end in `_sealed` (encrypted) or `_index` (blind).
"""

from codeservice.store.models.account import Account, Challenge, Consent, Device, LinkedCard, Message, Session
from codeservice.store.models.audit import AuditCheckpoint, AuditEntry
from codeservice.store.models.base import Table
from codeservice.store.models.client import Client, Partner, Place, UsedAssertion
from codeservice.store.models.fact import Fact
from codeservice.store.models.grant import DigitHandle, Grant, PublishedList, PublishedSnapshot, StatusList
from codeservice.store.models.notice import Notice
from codeservice.store.models.person import Credential, Person
from codeservice.store.models.policy import Policy, PolicySwitch, PolicyTrial
from codeservice.store.models.scan import FirstUse, Moment, Quarantine, Scan, ScanMark, Stream, StreamRange, Tally
from codeservice.store.models.ticket import Ticket

__all__ = [
    "Account",
    "AuditCheckpoint",
    "AuditEntry",
    "Challenge",
    "Client",
    "Consent",
    "Credential",
    "Device",
    "DigitHandle",
    "Fact",
    "FirstUse",
    "Grant",
    "LinkedCard",
    "Message",
    "Moment",
    "Notice",
    "Partner",
    "Person",
    "Place",
    "Policy",
    "PolicySwitch",
    "PolicyTrial",
    "PublishedList",
    "PublishedSnapshot",
    "Quarantine",
    "Scan",
    "ScanMark",
    "Session",
    "StatusList",
    "Stream",
    "StreamRange",
    "Table",
    "Tally",
    "Ticket",
    "UsedAssertion",
]
