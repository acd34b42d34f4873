"""Slots, passes and prices of scenic spots; posters of venues and the passages recorded by them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("ticket", sa.Column("people", sa.BigInteger(), nullable=True))
    op.add_column("ticket", sa.Column("slot", sa.String(length=5), nullable=True))
    op.add_column("ticket", sa.Column("sold", sa.JSON(), nullable=True))
    op.create_table(
        "visit_pass",
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("begins", sa.String(length=10), nullable=False),
        sa.Column("ends", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("excluded", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_visit_pass_person")),
        sa.ForeignKeyConstraint(["place"], ["place.id"], name=op.f("fk_visit_pass_place")),
        sa.PrimaryKeyConstraint("place", "person", "begins", name=op.f("pk_visit_pass")),
    )
    op.create_table(
        "ticket_sale",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("visit", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind in ('ticket', 'pass', 'refund')", name=op.f("ck_ticket_sale_kind")),
        sa.ForeignKeyConstraint(["place"], ["place.id"], name=op.f("fk_ticket_sale_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_sale")),
    )
    op.create_index(op.f("ix_ticket_sale_place_day"), "ticket_sale", ["place", "day"])
    op.create_table(
        "poster_print",
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["place"], ["place.id"], name=op.f("fk_poster_print_place")),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_poster_print")),
    )
    op.create_table(
        "venue_passage",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("passage", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_venue_passage_person")),
        sa.ForeignKeyConstraint(["place"], ["place.id"], name=op.f("fk_venue_passage_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue_passage")),
    )
    op.create_index(op.f("ix_venue_passage_at"), "venue_passage", ["at"])
    op.create_index(op.f("ix_venue_passage_person_at"), "venue_passage", ["person", "at"])
    op.create_index(op.f("ix_venue_passage_place_at"), "venue_passage", ["place", "at"])


def downgrade() -> None:
    """Go back."""
    for table in ("venue_passage", "poster_print", "ticket_sale", "visit_pass"):
        op.drop_table(table)
    for column in ("sold", "slot", "people"):
        op.drop_column("ticket", column)
