"""The scenes: kinds of places, each one bit of the mask that every grant carries under its signature."""

from dataclasses import dataclass

from codeservice.entitlement import Entitlement
from codeservice.reason import Words


@dataclass(frozen=True)
class Scene:
    """A kind of place.

    `entitlements` are the facts that a grant for this scene alone carries, and no others. `attributes` are what its
    places may be told of a holder, online, as far as the holder consents.
    """

    name: str
    bit: int
    title: Words
    entitlements: frozenset[Entitlement]
    attributes: tuple[str, ...] = ()

    @property
    def mask(self) -> int:
        """The scene as a mask."""
        return 1 << self.bit


SCENES = {
    scene.name: scene
    for scene in (
        Scene("bus", 0, Words("乘车", "Ride"), frozenset({Entitlement.FARE, Entitlement.RESIDENT})),
        Scene(
            "hospital",
            1,
            Words("就医", "Clinic"),
            frozenset({Entitlement.INSURED}),
            ("name", "id_number", "insured", "health_card", "insurance_token"),
        ),
        Scene("pharmacy", 2, Words("购药", "Pharmacy"), frozenset({Entitlement.INSURED}), ("name", "id_number")),
        Scene("scenic_spot", 3, Words("景区", "Scenic spots"), frozenset({Entitlement.FARE, Entitlement.RESIDENT})),
        Scene("government", 4, Words("政务", "Government"), frozenset({Entitlement.RESIDENT}), ("name",)),
        # Places whose scene is a definition made of data: a library, a museum, the gate of a community.
        Scene("venue", 5, Words("场所", "Venues"), frozenset({Entitlement.FARE, Entitlement.RESIDENT}), ("name",)),
    )
}
"""Bits are wire values: added, never reused."""

ALL = "all"
"""The name under which a wallet asks for a grant that is good at every scene."""


def mask_of(scenes: tuple[Scene, ...]) -> int:
    """Return the mask of several scenes."""
    return sum(scene.mask for scene in scenes)


def scenes_named(name: str) -> tuple[Scene, ...]:
    """Return the scenes of a grant request; empty for an unknown name."""
    if name == ALL:
        return tuple(SCENES.values())
    return (SCENES[name],) if name in SCENES else ()
