"""The OpenAPI 3.1 document, made from the operations that are really registered."""

import re
from typing import Any

import msgspec
from flask import Blueprint, Flask, Response, current_app

from codeservice.web.operation import Operation, Security
from codeservice.web.problems import PROBLEMS, Problem

door = Blueprint("openapi", __name__)

_REFERENCE = "#/components/schemas/{name}"
_PART = re.compile(r"<(?:\w+:)?(\w+)>")
_SCHEMES = {Security.SESSION: "session", Security.BEARER: "terminal_or_partner"}


@door.get("/openapi.json")
def document() -> Response:
    """Serve the document."""
    return Response(msgspec.json.encode(describe(current_app)), mimetype="application/json")


def operations(app: Flask) -> list[Operation]:
    """Return every operation of an application, by path."""
    found = [view.operation for view in app.view_functions.values() if hasattr(view, "operation")]
    return sorted(found, key=lambda entry: (entry.path, entry.method))


def describe(app: Flask) -> dict[str, Any]:
    """Make the document."""
    entries = operations(app)
    types = {part for entry in entries for part in (entry.body, entry.form, entry.returns) if part is not None}
    _schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=_REFERENCE)
    scopes = {entry.scope: entry.scope for entry in entries if entry.scope}
    flows = {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": scopes}}
    schemes = {
        _SCHEMES[Security.SESSION]: {"type": "apiKey", "in": "cookie", "name": "session"},
        _SCHEMES[Security.BEARER]: {"type": "oauth2", "flows": flows},
    }
    paths: dict[str, dict[str, Any]] = {}
    for entry in entries:
        paths.setdefault(_PART.sub(r"{\1}", entry.path), {})[entry.method.lower()] = _operation(entry)
    return {
        "openapi": "3.1.0",
        "info": {"title": "City code", "version": "1", "description": "Unified identity and health-code service."},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": schemes},
    }


def _operation(entry: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": entry.name,
        "summary": entry.summary,
        "parameters": _parameters(entry),
        "responses": _responses(entry),
    }
    if entry.security is not Security.NONE:
        described["security"] = [{_SCHEMES[entry.security]: [entry.scope] if entry.scope else []}]
    content = {"application/json": entry.body, "application/x-www-form-urlencoded": entry.form}
    media: dict[str, dict[str, Any]] = {
        name: {"schema": _reference(type_)} for name, type_ in content.items() if type_ is not None
    }
    if entry.binary is not None:
        media[entry.binary] = {}
    if media:
        described["requestBody"] = {"required": True, "content": media}
    return described


def _parameters(entry: Operation) -> list[dict[str, Any]]:
    parts = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PART.findall(entry.path)
    ]
    headers = [{"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in entry.headers]
    if entry.security is Security.SESSION and entry.method != "GET":
        headers.append({"name": "X-CSRF-Token", "in": "header", "required": True, "schema": {"type": "string"}})
    return parts + headers


def _responses(entry: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done"}
    if entry.returns is not None:
        good["content"] = {"application/json": {"schema": _reference(entry.returns)}}
    if entry.media is not None:
        good["content"] = {entry.media: {}}
    names = ", ".join(entry.problems) or "see PROBLEMS"
    assert set(entry.problems) <= PROBLEMS.keys()  # noqa: S101 -- a programmer's slip, found by the first test
    bad = {
        "description": f"A problem (RFC 9457). Names of this operation: {names}",
        "content": {"application/problem+json": {"schema": _reference(Problem)}},
    }
    return {str(entry.status): good, "4XX": bad, "5XX": bad}


def _reference(type_: type) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(name=type_.__name__)}
