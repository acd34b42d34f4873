"""The pages for the people who run a pharmacy and a hall name every field of the policy, and every part's."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.government import GovernmentPolicy
from adapters.pharmacy import MedicineClass, PharmacyPolicy, RegistrationRule
from codeservice.hall import Form, FormField, HallService, HallWindow, ReviewRule

SCENES = Path(__file__).resolve().parents[2] / "docs/scenes"


@pytest.mark.parametrize(
    ("page", "schemas"),
    [
        ("pharmacy", (PharmacyPolicy, MedicineClass, RegistrationRule)),
        ("government", (GovernmentPolicy, HallService, HallWindow, Form, FormField, ReviewRule)),
    ],
)
def test_the_page_names_every_field(page: str, schemas: tuple[Any, ...]) -> None:
    text = (SCENES / f"{page}.md").read_text()
    named = set(re.findall(r"`([a-z_]+)`", text.split("## Policy")[1].split("## ")[0]))
    for schema in schemas:
        assert {field.encode_name for field in msgspec.structs.fields(schema)} - named == set()
