"""Operations: one decorator that reads a request, calls a view and writes the answer, and that OpenAPI is made from."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import msgspec
from flask import Blueprint, Response, current_app, request

from codeservice.errors import BadRequestError, ServiceError
from codeservice.services import Services
from codeservice.web.published import COSE

MAX_BODY = 64 * 1024
"""Bytes of the largest body of any operation; a scan has about 800."""

_BINARY_PROBLEMS = {COSE: "cose_required"}
"""Media types of bodies in bytes, each with the wire name of its error."""


class Security(Enum):
    """How the caller of an operation is known."""

    NONE = "none"
    SESSION = "session"
    BEARER = "bearer"


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every request body: a closed schema."""


class Answer(msgspec.Struct, frozen=True):
    """Base of every answer."""


@dataclass(frozen=True)
class Operation:
    """What OpenAPI says of one operation. `problems` are the wire names of the errors it may answer."""

    method: str
    path: str
    name: str
    summary: str
    security: Security
    scope: str | None
    body: type[msgspec.Struct] | None
    form: type[msgspec.Struct] | None
    binary: str | None
    returns: type[msgspec.Struct] | None
    media: str | None
    status: int
    headers: tuple[str, ...]
    problems: tuple[str, ...]


View = TypeVar("View", bound=Callable[..., Any])


def operation(  # noqa: PLR0913 -- the description of one operation in one place
    blueprint: Blueprint,
    route: str,
    *,
    body: type[msgspec.Struct] | None = None,
    form: type[msgspec.Struct] | None = None,
    binary: str | None = None,
    returns: type[msgspec.Struct] | None = None,
    media: str | None = None,
    status: int = 200,
    security: Security = Security.NONE,
    scope: str | None = None,
    headers: tuple[str, ...] = (),
    problems: tuple[str, ...] = (),
) -> Callable[[View], View]:
    """Register a view as the operation `route`, for example "POST /scan/v1/bus".

    The view gets the services, then the body if there is one, then the parts of the path by name. `binary` names the
    type of a body that the view gets in its bytes. It returns the answer, None for an empty one, or a ready Response;
    `media` names the type of a ready one that is not JSON.
    """
    method, path = route.split(" ")

    def register(view: View) -> View:
        described = Operation(
            method,
            path,
            view.__name__,
            (view.__doc__ or "").strip(),
            security,
            scope,
            body,
            form,
            binary,
            returns,
            media,
            status,
            headers,
            problems,
        )

        def respond(**parts: object) -> Response:
            arguments: list[object] = [services()]
            if body is not None:
                arguments.append(_read_json(body))
            if form is not None:
                arguments.append(_read_form(form))
            if binary is not None:
                arguments.append(_read_binary(binary))
            answer = view(*arguments, **parts)
            if isinstance(answer, Response):
                return answer
            content = b"" if answer is None else msgspec.json.encode(answer)
            return Response(content, status, mimetype=None if answer is None else "application/json")

        respond.operation = described  # type: ignore[attr-defined]
        blueprint.add_url_rule(path, view.__name__, respond, methods=[method])
        return view

    return register


def services() -> Services:
    """Return the services of the running application."""
    found: Services = current_app.extensions["services"]
    return found


def header(name: str, *, longest: int) -> str | None:
    """Read a header of printable ASCII; raises BadRequestError when it is longer or holds anything else."""
    value = request.headers.get(name)
    if value is not None and not (0 < len(value) <= longest and value.isascii() and value.isprintable()):
        raise BadRequestError("header_not_readable")
    return value


def _read_json(type_: type[msgspec.Struct]) -> msgspec.Struct:
    if request.mimetype != "application/json":
        raise UnsupportedMediaTypeError("json_required")
    data = request.get_data(cache=False)
    # No text of ours has a NUL, and PostgreSQL stores none.
    if b"\0" in data or b"\\u0000" in data:
        raise BadRequestError("body_not_readable")
    try:
        return msgspec.json.decode(data, type=type_)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError("body_not_readable") from error


def _read_form(type_: type[msgspec.Struct]) -> msgspec.Struct:
    if request.mimetype != "application/x-www-form-urlencoded":
        raise UnsupportedMediaTypeError("form_required")
    fields = request.form.to_dict(flat=False)
    if any(len(values) != 1 or "\0" in values[0] for values in fields.values()):
        raise BadRequestError("body_not_readable")
    try:
        return msgspec.convert({name: values[0] for name, values in fields.items()}, type=type_)
    except msgspec.ValidationError as error:
        raise BadRequestError("body_not_readable") from error


def _read_binary(media: str) -> bytes:
    if request.mimetype != media:
        raise UnsupportedMediaTypeError(_BINARY_PROBLEMS[media])
    return request.get_data(cache=False)


class UnsupportedMediaTypeError(ServiceError):
    """The body has another media type."""

    status = 415
