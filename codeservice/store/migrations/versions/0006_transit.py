"""Statements of public transport and disputes about them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "transit_statement",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("operator", sa.String(length=32), nullable=False),
        sa.Column("line", sa.String(length=20), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["operator"], ["partner.id"], name=op.f("fk_transit_statement_operator")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transit_statement")),
        sa.UniqueConstraint(
            "operator", "day", "line", "number", name=op.f("uq_transit_statement_operator_day_line_number")
        ),
    )
    op.create_table(
        "transit_dispute",
        sa.Column("operator", sa.String(length=32), nullable=False),
        sa.Column("dispute", sa.String(length=40), nullable=False),
        sa.Column("line", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("stated", sa.BigInteger(), nullable=False),
        sa.Column("claimed", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("decided", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["operator"], ["partner.id"], name=op.f("fk_transit_dispute_operator")),
        sa.PrimaryKeyConstraint("operator", "dispute", name=op.f("pk_transit_dispute")),
    )
    op.create_index(op.f("ix_transit_dispute_day"), "transit_dispute", ["day"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("transit_dispute")
    op.drop_table("transit_statement")
