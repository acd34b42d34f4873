"""Insurance tokens, consents to records, visits and emergency access."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "pairwise_subject",
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["partner"], ["partner.id"], name=op.f("fk_pairwise_subject_partner")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_pairwise_subject_person")),
        sa.PrimaryKeyConstraint("partner", "person", name=op.f("pk_pairwise_subject")),
        sa.UniqueConstraint("id", name=op.f("uq_pairwise_subject_id")),
    )
    op.create_table(
        "encounter",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("department", sa.String(length=20), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("guardian", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("registered", sa.BigInteger(), nullable=True),
        sa.Column("arrived", sa.BigInteger(), nullable=True),
        sa.Column("begun", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state in ('registered', 'arrived', 'in_progress', 'finished', 'cancelled')",
            name=op.f("ck_encounter_state"),
        ),
        sa.ForeignKeyConstraint(["partner"], ["partner.id"], name=op.f("fk_encounter_partner")),
        sa.ForeignKeyConstraint(["place"], ["place.id"], name=op.f("fk_encounter_place")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_encounter_person")),
        sa.ForeignKeyConstraint(["guardian"], ["person.id"], name=op.f("fk_encounter_guardian")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_encounter")),
        sa.UniqueConstraint(
            "place", "department", "day", "person", name=op.f("uq_encounter_place_department_day_person")
        ),
    )
    op.create_index(op.f("ix_encounter_partner_day"), "encounter", ["partner", "day"])
    op.create_index(op.f("ix_encounter_person"), "encounter", ["person"])
    op.create_table(
        "insurance_token",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scan", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.Column("operator", sa.String(length=16), nullable=False),
        sa.Column("business", sa.String(length=8), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("redeemed", sa.BigInteger(), nullable=True),
        sa.Column("client", sa.String(length=32), nullable=True),
        sa.Column("act", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_insurance_token_person")),
        sa.ForeignKeyConstraint(["partner"], ["partner.id"], name=op.f("fk_insurance_token_partner")),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("fk_insurance_token_client")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_insurance_token")),
    )
    op.create_index(op.f("ix_insurance_token_expires"), "insurance_token", ["expires"])
    op.create_table(
        "record_consent",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_record_consent_person")),
        sa.ForeignKeyConstraint(["partner"], ["partner.id"], name=op.f("fk_record_consent_partner")),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_record_consent")),
    )
    op.create_index(op.f("ix_record_consent_person_partner"), "record_consent", ["person", "partner"])
    op.create_table(
        "record_request",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.Column("client", sa.String(length=32), nullable=False),
        sa.Column("operator", sa.String(length=16), nullable=False),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("consent", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_record_request_person")),
        sa.ForeignKeyConstraint(["partner"], ["partner.id"], name=op.f("fk_record_request_partner")),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("fk_record_request_client")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_request")),
    )
    op.create_index(op.f("ix_record_request_person_at"), "record_request", ["person", "at"])
    op.create_table(
        "health_access",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.Column("client", sa.String(length=32), nullable=False),
        sa.Column("operator", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("asked", sa.String(length=200), nullable=False),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_health_access_person")),
        sa.ForeignKeyConstraint(["partner"], ["partner.id"], name=op.f("fk_health_access_partner")),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("fk_health_access_client")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_access")),
    )
    op.create_index(op.f("ix_health_access_person_id"), "health_access", ["person", "id"])
    op.create_index(op.f("ix_health_access_at"), "health_access", ["at"])
    op.create_table(
        "emergency_access",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client", sa.String(length=32), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("operator", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("statement_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("reviewed", sa.BigInteger(), nullable=True),
        sa.Column("reviewer", sa.String(length=24), nullable=True),
        sa.Column("verdict", sa.String(length=12), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.CheckConstraint("reviewer is null or reviewer <> operator", name=op.f("ck_emergency_access_second_person")),
        sa.ForeignKeyConstraint(["client"], ["client.id"], name=op.f("fk_emergency_access_client")),
        sa.ForeignKeyConstraint(["partner"], ["partner.id"], name=op.f("fk_emergency_access_partner")),
        sa.ForeignKeyConstraint(["place"], ["place.id"], name=op.f("fk_emergency_access_place")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_emergency_access_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_access")),
        sa.UniqueConstraint("client", "act", name=op.f("uq_emergency_access_client_act")),
    )
    op.create_index(op.f("ix_emergency_access_reviewed_due"), "emergency_access", ["reviewed", "due"])
    op.create_index(op.f("ix_emergency_access_person"), "emergency_access", ["person"])


def downgrade() -> None:
    """Go back."""
    for name in (
        "emergency_access",
        "health_access",
        "record_request",
        "record_consent",
        "insurance_token",
        "encounter",
        "pairwise_subject",
    ):
        op.drop_table(name)
