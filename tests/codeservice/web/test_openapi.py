"""The OpenAPI document is made from the routes and says all of them."""

import re

import msgspec
import pytest
from flask import Flask

from codeservice.web import openapi
from codeservice.web.operation import Operation, Security
from codeservice.web.problems import PROBLEMS
from tests.conftest import City
from tests.phone import Phone

PAGES = re.compile(
    r"^/($|wallet/($|static|core|lib|service-worker)|scanner/|demo/|hall/static/|hall/<place>/display$|fhir/<path|openapi\.json)"
)


def operations(app: Flask) -> list[Operation]:
    return openapi.operations(app)


def test_every_route_is_a_page_or_an_operation_of_the_document(city: City) -> None:
    routes = {
        (method, rule.rule)
        for rule in city.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not PAGES.match(rule.rule)
    }
    assert routes == {(entry.method, entry.path) for entry in operations(city.app)}


def test_the_document_is_served_and_names_every_operation(city: City) -> None:
    document = city.app.test_client().get("/openapi.json").get_json()
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(entry.method, re.sub(r"<(\w+)>", r"{\1}", entry.path)) for entry in operations(city.app)}


def test_every_reference_of_the_document_exists(city: City) -> None:
    document = openapi.describe(city.app)
    text = msgspec.json.encode(document).decode()
    for name in re.findall(r"#/components/schemas/([^\"]+)", text):
        assert name in document["components"]["schemas"]


def test_every_problem_that_an_operation_names_has_words(city: City) -> None:
    for entry in operations(city.app):
        assert set(entry.problems) <= PROBLEMS.keys()


def test_every_body_is_a_closed_schema(city: City) -> None:
    document = openapi.describe(city.app)
    for entry in operations(city.app):
        if entry.body is not None:
            assert document["components"]["schemas"][entry.body.__name__]["additionalProperties"] is False


@pytest.mark.parametrize("security", [Security.SESSION, Security.BEARER])
def test_nothing_that_needs_a_caller_answers_without_one(city: City, security: Security) -> None:
    """The authorisation matrix, first row: nobody."""
    browser = city.app.test_client()
    for entry in operations(city.app):
        if entry.security is security:
            path = re.sub(r"<\w+>", "x", entry.path)
            answer = browser.open(path, method=entry.method, json=example(entry), headers={"Idempotency-Key": "a"})
            assert answer.status_code == 401, entry
            # What speaks FHIR says its errors as FHIR does.
            errors = "fhir" if path.startswith("/fhir/") else "problem"
            assert answer.mimetype == f"application/{errors}+json"


def test_no_terminal_may_act_as_a_citizen_and_no_citizen_as_a_terminal(city: City) -> None:
    """The authorisation matrix, second row: the wrong kind of caller."""
    phone, terminal = city.phone(), city.terminal("bus-1")
    for entry in operations(city.app):
        path = re.sub(r"<\w+>", "x", entry.path)
        if entry.security is Security.SESSION:
            headers = {"Authorization": f"Bearer {terminal.token}"}
            answer = city.app.test_client().open(path, method=entry.method, json=example(entry), headers=headers)
            assert answer.status_code == 401
        if entry.security is Security.BEARER:
            assert wallet_call(phone, entry, path) == 401


def wallet_call(phone: Phone, entry: Operation, path: str) -> int:
    """Call a terminal's operation with a citizen's cookie."""
    headers = {"X-CSRF-Token": phone.me["csrf"], "Idempotency-Key": "a"}
    return phone.http.open(path, method=entry.method, json=example(entry), headers=headers).status_code


SAMPLES = {
    "digest": "0" * 64,
    "basis": "IDL-1",
    "one_time_password": "000000",
    "reason": "because",
    "medicine": None,
    "patient": "0" * 32,
    "operator": "nurse-7",
    "business": "01101",
}
"""What fields take whose form is told by a pattern; the others are made from their types."""


def example(entry: Operation) -> object:
    """Return a body that passes the schema of an operation."""
    return None if entry.body is None else sample(msgspec.inspect.type_info(entry.body), "")


def sample(type_: msgspec.inspect.Type, name: str) -> object:  # noqa: C901, PLR0911 -- one line for each kind
    """Return a value of a type, the smallest that it takes."""
    match type_:
        case msgspec.inspect.StructType() | msgspec.inspect.DataclassType():
            return {
                field.encode_name: sample(field.type, field.encode_name) for field in type_.fields if field.required
            }
        case msgspec.inspect.StrType():
            least = "x" * max(type_.min_length or 0, 1)
            return SAMPLES.get(name, least) if type_.pattern or (type_.min_length or 0) > 1 else least
        case msgspec.inspect.IntType():
            return type_.ge if type_.ge is not None else 1
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.ListType() | msgspec.inspect.VarTupleType() | msgspec.inspect.FrozenSetType():
            return [sample(type_.item_type, name)] * (type_.min_length or 0)
        case msgspec.inspect.TupleType():
            return [sample(part, name) for part in type_.item_types]
        case msgspec.inspect.DictType():
            return {}
        case msgspec.inspect.LiteralType():
            return type_.values[0]
        case msgspec.inspect.EnumType():
            return next(iter(type_.cls)).value
        case msgspec.inspect.UnionType():
            return None if type_.includes_none else sample(type_.types[0], name)
        case _:
            return "x"
