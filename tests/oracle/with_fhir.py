"""FHIR R4 by other hands: validates with fhir.resources. Knows nothing of this project and imports nothing of it.

Runs in .venv-oracle. A JSON list of resources on standard input; a list of {"version", "faults"} on standard output, in
which an empty list of faults means a valid resource. The library reads structure, types and cardinalities; the codes
of required value sets, which it names and does not check, are checked here.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

import fhir.resources
from fhir.resources import construct_fhir_element
from fhir.resources.fhirabstractmodel import FHIRAbstractModel
from pydantic import ValidationError

_NO_CODES = {"CapabilityStatement.format"}
"""Bound to all media types (BCP 13), of which the library names four words of a comment."""


def answer(resource: dict[str, Any]) -> dict[str, Any]:
    """Validate one resource."""
    try:
        read = construct_fhir_element(resource["resourceType"], resource)
    except (ValidationError, LookupError) as error:
        return {"version": fhir.resources.__fhir_version__, "faults": str(error).splitlines()}
    faults = [*_codes(read, resource["resourceType"])]
    # What the library has read is what was written: nothing was dropped on the way. It reads and does not write
    # extensions of primitive values.
    if json.loads(read.json()) != _without_extensions(resource):
        faults.append("read otherwise than written")
    return {"version": fhir.resources.__fhir_version__, "faults": faults}


def _without_extensions(value: Any) -> Any:
    match value:
        case dict():
            return {name: _without_extensions(entry) for name, entry in value.items() if not name.startswith("_")}
        case list():
            return [_without_extensions(entry) for entry in value]
        case _:
            return value


def _codes(element: FHIRAbstractModel, where: str) -> Iterator[str]:
    for name, field in element.__fields__.items():
        value = getattr(element, name)
        values = value if isinstance(value, list) else [value]
        allowed = None if f"{where}.{name}" in _NO_CODES else field.field_info.extra.get("enum_values")
        for entry in values:
            if isinstance(entry, FHIRAbstractModel):
                yield from _codes(entry, f"{where}.{name}")
            elif allowed and entry is not None and entry not in allowed:
                yield f"{where}.{name}: {entry} is none of {allowed}"


if __name__ == "__main__":
    json.dump([answer(resource) for resource in json.load(sys.stdin)], sys.stdout)
