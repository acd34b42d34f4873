"""Officers, proposals of two people, and the health status."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "health_evidence",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("reference_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reference_index", sa.LargeBinary(), nullable=False),
        sa.Column("observed", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.String(length=32), nullable=False),
        sa.Column("set_aside", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_health_evidence_person")),
        sa.ForeignKeyConstraint(["source"], ["partner.id"], name=op.f("fk_health_evidence_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_evidence")),
        sa.UniqueConstraint(
            "source", "kind", "reference_index", name=op.f("uq_health_evidence_source_kind_reference_index")
        ),
    )
    op.create_index(op.f("ix_health_evidence_person_kind"), "health_evidence", ["person", "kind"])
    op.create_table(
        "officer",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("authority", sa.String(length=32), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_number_index", sa.LargeBinary(), nullable=False),
        sa.Column("duties", sa.String(length=400), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=True),
        sa.Column("seed_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=False),
        sa.Column("enrolment_hash", sa.LargeBinary(), nullable=True),
        sa.Column("enrolment_expires", sa.BigInteger(), nullable=True),
        sa.Column("enrolment_tries", sa.SmallInteger(), nullable=False),
        sa.Column("enrolled", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["authority"], ["partner.id"], name=op.f("fk_officer_authority")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer")),
    )
    op.create_index(op.f("ix_officer_id_number_index"), "officer", ["id_number_index"])
    op.create_table(
        "proposal",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("digest_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("basis", sa.String(length=80), nullable=False),
        sa.Column("proposer", sa.String(length=24), nullable=False),
        sa.Column("approver", sa.String(length=24), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("decided", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.CheckConstraint("state <> 'executed' or approver is not null", name=op.f("ck_proposal_approved")),
        sa.CheckConstraint("state in ('waiting', 'executed', 'rejected')", name=op.f("ck_proposal_state")),
        sa.CheckConstraint("approver is null or approver <> proposer", name=op.f("ck_proposal_two_people")),
        sa.ForeignKeyConstraint(["approver"], ["officer.id"], name=op.f("fk_proposal_approver")),
        sa.ForeignKeyConstraint(["proposer"], ["officer.id"], name=op.f("fk_proposal_proposer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    op.create_index(op.f("ix_proposal_state_created"), "proposal", ["state", "created"])
    op.create_table(
        "health_certificate",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("proposal", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["proposal"], ["proposal.id"], name=op.f("fk_health_certificate_proposal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_certificate")),
    )
    op.create_table(
        "health_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=True),
        sa.Column("rule_version", sa.BigInteger(), nullable=True),
        sa.Column("proposal", sa.String(length=32), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("notice", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("status in (0, 1, 2, 3)", name=op.f("ck_health_change_status")),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name=op.f("fk_health_change_notice")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_health_change_person")),
        sa.ForeignKeyConstraint(["proposal"], ["proposal.id"], name=op.f("fk_health_change_proposal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_change")),
        sa.UniqueConstraint("notice", name=op.f("uq_health_change_notice")),
    )
    op.create_index(op.f("ix_health_change_person_id"), "health_change", ["person", "id"])
    op.create_table(
        "health_order",
        sa.Column("proposal", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("set_aside", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_health_order_person")),
        sa.ForeignKeyConstraint(["proposal"], ["proposal.id"], name=op.f("fk_health_order_proposal")),
        sa.PrimaryKeyConstraint("proposal", "person", name=op.f("pk_health_order")),
    )
    op.create_index(op.f("ix_health_order_person"), "health_order", ["person"])
    op.create_table(
        "health_rule",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("proposal", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["proposal"], ["proposal.id"], name=op.f("fk_health_rule_proposal")),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_health_rule")),
    )
    op.create_table(
        "health_appeal",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("change", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("filed", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("decided", sa.BigInteger(), nullable=True),
        sa.Column("proposal", sa.String(length=32), nullable=True),
        sa.CheckConstraint("state in ('filed', 'upheld', 'corrected')", name=op.f("ck_health_appeal_state")),
        sa.ForeignKeyConstraint(["change"], ["health_change.id"], name=op.f("fk_health_appeal_change")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_health_appeal_person")),
        sa.ForeignKeyConstraint(["proposal"], ["proposal.id"], name=op.f("fk_health_appeal_proposal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_appeal")),
        sa.UniqueConstraint("change", name=op.f("uq_health_appeal_change")),
    )
    op.create_index(op.f("ix_health_appeal_person"), "health_appeal", ["person"])
    op.create_table(
        "health_status",
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("change", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["change"], ["health_change.id"], name=op.f("fk_health_status_change")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_health_status_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_health_status")),
    )
    op.create_index(op.f("ix_health_status_until"), "health_status", ["until"])


def downgrade() -> None:
    """Go back."""
    op.drop_index(op.f("ix_health_status_until"), table_name="health_status")
    op.drop_table("health_status")
    op.drop_index(op.f("ix_health_appeal_person"), table_name="health_appeal")
    op.drop_table("health_appeal")
    op.drop_table("health_rule")
    op.drop_index(op.f("ix_health_order_person"), table_name="health_order")
    op.drop_table("health_order")
    op.drop_index(op.f("ix_health_change_person_id"), table_name="health_change")
    op.drop_table("health_change")
    op.drop_table("health_certificate")
    op.drop_index(op.f("ix_proposal_state_created"), table_name="proposal")
    op.drop_table("proposal")
    op.drop_index(op.f("ix_officer_id_number_index"), table_name="officer")
    op.drop_table("officer")
    op.drop_index(op.f("ix_health_evidence_person_kind"), table_name="health_evidence")
    op.drop_table("health_evidence")
