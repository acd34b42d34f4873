"""Errors of the service. `Rejected` is about a code; the others are about a caller or about us."""

from codeservice.reason import Reason


class Rejected(Exception):  # noqa: N818 -- a rejection is an answer, not an error
    """A code is not accepted, for one reason of the closed list."""

    def __init__(self, reason: Reason) -> None:
        """Keep the reason; nothing about the code itself, so that nothing can leak."""
        super().__init__(reason.value)
        self.reason = reason


class ServiceError(Exception):
    """The caller asked for something that cannot be done; `code` names it on the wire."""

    status = 400

    def __init__(self, code: str, *, retry_after: int | None = None) -> None:
        """Keep the wire name and, where waiting helps, the seconds to wait."""
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class BadRequestError(ServiceError):
    """The request cannot be read."""


class NotAuthenticatedError(ServiceError):
    """Nobody known is calling."""

    status = 401


class ForbiddenError(ServiceError):
    """Somebody known is calling and may not do this."""

    status = 403


class NotFoundError(ServiceError):
    """No such thing, or not the caller's."""

    status = 404


class ConflictError(ServiceError):
    """The thing is in a state that does not allow this."""

    status = 409


class UnprocessableError(ServiceError):
    """The request is well formed, and what it says cannot be accepted."""

    status = 422


class UpgradeRequiredError(ServiceError):
    """The caller speaks a version that is not served any more (RFC 9110 section 15.5.22)."""

    status = 426


class TooManyRequestsError(ServiceError):
    """The caller must slow down."""

    status = 429


class UnavailableError(ServiceError):
    """A part of the service is down; the same request may be sent again."""

    status = 503
