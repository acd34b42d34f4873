"""Queues, applications and reviews of the government hall."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "hall_application",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("visit", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("service", sa.String(length=20), nullable=False),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("values_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("consented", sa.BigInteger(), nullable=True),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('asked', 'consented', 'fetched', 'refused', 'withdrawn')", name=op.f("ck_hall_application_state")
        ),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_hall_application_person")),
        sa.ForeignKeyConstraint(["place"], ["place.id"], name=op.f("fk_hall_application_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_application")),
    )
    op.create_index(op.f("ix_hall_application_asked"), "hall_application", ["asked"])
    op.create_index(op.f("ix_hall_application_person_asked"), "hall_application", ["person", "asked"])
    op.create_table(
        "hall_review",
        sa.Column("visit", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("service", sa.String(length=20), nullable=False),
        sa.Column("window", sa.String(length=8), nullable=False),
        sa.Column("grade", sa.SmallInteger(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("grade between 1 and 5", name=op.f("ck_hall_review_grade")),
        sa.ForeignKeyConstraint(["place"], ["place.id"], name=op.f("fk_hall_review_place")),
        sa.PrimaryKeyConstraint("visit", name=op.f("pk_hall_review")),
    )
    op.create_index(op.f("ix_hall_review_place_at"), "hall_review", ["place", "at"])
    op.create_table(
        "hall_visit",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("service", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("priority", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("window", sa.String(length=8), nullable=True),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("drawn", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("called", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_hall_visit_person")),
        sa.ForeignKeyConstraint(["place"], ["place.id"], name=op.f("fk_hall_visit_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hall_visit")),
        sa.UniqueConstraint("place", "day", "number", name=op.f("uq_hall_visit_place_day_number")),
    )
    op.create_index(op.f("ix_hall_visit_ended"), "hall_visit", ["ended"])
    op.create_index(op.f("ix_hall_visit_person_drawn"), "hall_visit", ["person", "drawn"])
    op.create_index(op.f("ix_hall_visit_place_day_state_service"), "hall_visit", ["place", "day", "state", "service"])
    op.create_table(
        "hall_window",
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("window", sa.String(length=8), nullable=False),
        sa.Column("visit", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["place"], ["place.id"], name=op.f("fk_hall_window_place")),
        sa.PrimaryKeyConstraint("place", "window", name=op.f("pk_hall_window")),
    )
    op.create_table(
        "hall_follow_up",
        sa.Column("visit", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("callback", sa.Boolean(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["place"], ["place.id"], name=op.f("fk_hall_follow_up_place")),
        sa.ForeignKeyConstraint(
            ["visit"], ["hall_review.visit"], name=op.f("fk_hall_follow_up_visit"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("visit", name=op.f("pk_hall_follow_up")),
    )
    op.create_index(op.f("ix_hall_follow_up_place_closed_due"), "hall_follow_up", ["place", "closed", "due"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("hall_follow_up")
    op.drop_table("hall_window")
    op.drop_table("hall_visit")
    op.drop_table("hall_review")
    op.drop_table("hall_application")
