"""Policies by the scene that they are of: reading a document by its schema, and what is in force at a place."""

from dataclasses import dataclass, replace
from functools import lru_cache

from adapters import ADAPTERS
from adapters.contract import Adapter
from codeservice.errors import UnavailableError
from codeservice.policy import (
    PolicyError,
    PolicyVersion,
    ScenePolicy,
    read_document,
    read_policy_file,
    require_disclosures,
    write_document,
)
from codeservice.scan import Policy


@dataclass(frozen=True)
class InForce:
    """The policy that decides at a place: its version, its document, and the verifier's part of it."""

    version: PolicyVersion
    document: ScenePolicy
    checks: Policy

    def asking_health(self, *, is_allowed: bool) -> "InForce":
        """Return the same, which asks for a health status only where a rule of an emergency allows it."""
        if is_allowed or self.checks.health is None:
            return self
        return replace(self, checks=replace(self.checks, health=None))


def read_draft(data: bytes) -> PolicyVersion:
    """Read a policy file by the schema of its scene, as a version without a number; raises PolicyError."""
    file = read_policy_file(data)
    adapter = ADAPTERS[file.scene]
    document = read_document(file.policy, adapter.policy)
    require_disclosures(document, adapter.scene)
    return PolicyVersion(file.name, 0, file.scene, file.title.words, write_document(document))


@lru_cache(maxsize=256)
def opened(version: PolicyVersion) -> InForce:
    """Open a version; raises PolicyError for one that this program cannot read."""
    adapter = ADAPTERS[version.scene]
    document = read_document(version.document, adapter.policy)
    return InForce(version, document, document.checks(adapter.scene))


@lru_cache
def standard(scene: str) -> InForce:
    """Return what decides at a place of a scene whose city has put no policy in force."""
    adapter: Adapter = ADAPTERS[scene]
    version = PolicyVersion(scene, 0, scene, adapter.scene.title, write_document(adapter.default))
    return InForce(version, adapter.default, adapter.default.checks(adapter.scene))


def choose(scene: str, name: str, version: PolicyVersion | None) -> InForce:
    """Return what decides at a place of `scene` that goes by the policy `name`, of which `version` is in force.

    Raises UnavailableError where nobody can tell: a place without a policy accepts nothing.
    """
    if version is None:
        if name != scene:
            raise UnavailableError("policy_not_readable")
        return standard(scene)
    if version.scene != scene:
        raise UnavailableError("policy_not_readable")
    try:
        return opened(version)
    except PolicyError as error:
        raise UnavailableError("policy_not_readable") from error
