"""Partners, their places, and the clients that act for them."""

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class Partner(Table):
    """An organisation that runs places: a bus company, a hospital, a pharmacy chain."""

    __tablename__ = "partner"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str]


class Place(Table):
    """One place of a partner, of one scene; `capacity` is people a day, where the scene counts them.

    `policy` names the policy that it goes by, None for the one that has the name of its scene. `latitude` and
    `longitude` (WGS 84, in 1e-5 degrees) and `radius` (metres) are where it is, all three or none of them.
    """

    __tablename__ = "place"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    scene: Mapped[str] = mapped_column(String(20))
    name: Mapped[str]
    capacity: Mapped[int | None]
    policy: Mapped[str | None] = mapped_column(String(40))
    latitude: Mapped[int | None]
    longitude: Mapped[int | None]
    radius: Mapped[int | None]


class Client(Table):
    """An OAuth 2 client: a terminal at a place, or a partner's back end. It authenticates with its own key.

    `enrolled` is when it was enrolled for the first time, `key_enrolled` when the key came that it has now.
    """

    __tablename__ = "client"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    place: Mapped[str] = mapped_column(ForeignKey("place.id"))
    name: Mapped[str]
    scopes: Mapped[str]
    state: Mapped[str] = mapped_column(String(20))
    public: Mapped[bytes | None]
    enrolment_hash: Mapped[bytes | None]
    enrolment_expires: Mapped[int | None]
    enrolment_tries: Mapped[int] = mapped_column(SmallInteger)
    enrolled: Mapped[int | None]
    key_enrolled: Mapped[int | None]
    __table_args__ = (CheckConstraint("kind in ('terminal', 'back_end')", name="kind"),)


class UsedAssertion(Table):
    """An authentication assertion that was used (RFC 7523: jti); kept until it would expire anyway."""

    __tablename__ = "used_assertion"
    client: Mapped[str] = mapped_column(String(32), primary_key=True)
    jti: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires: Mapped[int] = mapped_column(index=True)
