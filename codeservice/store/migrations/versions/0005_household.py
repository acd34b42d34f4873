"""Guardians and dependants."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OPEN = sa.text("state in ('requested', 'waiting_review', 'active')")
_ACTIVE = sa.text("state = 'active'")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "household_tie",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("guardian", sa.String(length=32), nullable=False),
        sa.Column("dependant", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("proof", sa.String(length=20), nullable=True),
        sa.Column("scenes", sa.BigInteger(), nullable=True),
        sa.Column("shares_records", sa.Boolean(), nullable=False),
        sa.Column("typed_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("typed_id_number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("typed_id_number_index", sa.LargeBinary(), nullable=True),
        sa.Column("requested", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("closed", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.CheckConstraint(
            "state in ('requested', 'waiting_review', 'active', 'refused', 'ended')",
            name=op.f("ck_household_tie_state"),
        ),
        sa.CheckConstraint("guardian <> dependant", name=op.f("ck_household_tie_two_people")),
        sa.ForeignKeyConstraint(["guardian"], ["person.id"], name=op.f("fk_household_tie_guardian")),
        sa.ForeignKeyConstraint(["dependant"], ["person.id"], name=op.f("fk_household_tie_dependant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_tie")),
    )
    op.create_index(op.f("ix_household_tie_guardian"), "household_tie", ["guardian"])
    op.create_index(op.f("ix_household_tie_dependant"), "household_tie", ["dependant"])
    op.create_index(op.f("ix_household_tie_state_requested"), "household_tie", ["state", "requested"])
    op.create_index(
        op.f("uq_household_tie_open"),
        "household_tie",
        ["guardian", "typed_id_number_index"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index(
        op.f("uq_household_tie_active"),
        "household_tie",
        ["guardian", "dependant"],
        unique=True,
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
    # No foreign key: SQLite would copy the largest table for it. The column is written in one place only.
    op.add_column("grant", sa.Column("proxy", sa.String(length=32), nullable=True))
    op.create_index(op.f("ix_grant_proxy"), "grant", ["proxy"])


def downgrade() -> None:
    """Go back."""
    op.drop_index(op.f("ix_grant_proxy"), "grant")
    op.drop_column("grant", "proxy")
    op.drop_table("household_tie")
