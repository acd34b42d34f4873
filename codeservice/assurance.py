"""How surely a wallet's owner is who they say: levels, each of which holds what the one below does. No I/O."""

from enum import IntEnum


class Assurance(IntEnum):
    """Levels of assurance. The numbers are stored: added, never renamed or reused."""

    NONE = 0
    """A phone number and nothing else."""
    RECORD = 1
    """Name, ID number and phone agree with the authority's record. Nobody has seen a document or a face."""
    DOCUMENT = 2
    """An identity service has confirmed a document in the person's hands, such as a network credential (网证)."""
    PRESENCE = 3
    """Somebody has compared the person with their document: at a counter, or an identity service by face."""
