"""Putting policies in force on the day, the way operators do: add, try on recorded scans, publish, roll back."""

import json
from collections.abc import Mapping
from typing import Any

from day.town import DAY, Town


def publish(
    town: Town, scene: str, why: str, changes: Mapping[str, Any] | None = None, *, name: str = ""
) -> dict[str, Any]:
    """Publish the standard of a scene with changes, under the scene's name or another; returns what the trial said."""
    file = town.scenes("policies", "standard", scene)
    file["name"] = name or scene
    file["policy"] |= changes or {}
    return put_in_force(town, file, why)


def put_in_force(town: Town, file: Mapping[str, Any], why: str) -> dict[str, Any]:
    """Publish a definition as the next version of its name, after a trial; returns what the trial said."""
    name: str = file["name"]
    path = town.folder / f"policy-{name}.json"
    path.write_text(json.dumps(file, ensure_ascii=False))
    version = str(town.scenes("policies", "add", str(path))["version"])
    trial: dict[str, Any] = town.scenes("policies", "try", name, version, "--since", DAY)
    town.scenes("policies", "publish", name, version, "--reason", why)
    town.services.policies.forget()
    return trial


def roll_back(town: Town, scene: str, why: str) -> None:
    """Put the version of a scene in force that was before."""
    # Two versions of one moment have no order.
    town.wait(1)
    town.scenes("policies", "roll-back", scene, "--reason", why)
    town.services.policies.forget()
