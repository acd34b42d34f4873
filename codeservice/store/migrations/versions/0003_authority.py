"""Authorities, the types that they own, and what they write."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("credential", sa.Column("follows", sa.String(length=32), nullable=True))
    op.add_column("credential", sa.Column("replaced_by", sa.String(length=32), nullable=True))
    op.add_column("credential", sa.Column("state_since", sa.BigInteger(), nullable=True))
    op.add_column("credential", sa.Column("source", sa.String(length=32), nullable=True))
    op.add_column("credential", sa.Column("source_line", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_credential_follows"), "credential", ["follows"], unique=True)
    op.create_index(op.f("ix_credential_state_type"), "credential", ["state", "type"])
    op.create_table(
        "remit",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["partner"], ["partner.id"], name=op.f("fk_remit_partner")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_remit")),
    )
    op.create_table(
        "credential_change",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("credential", sa.String(length=32), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("before_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["credential"], ["credential.id"], name=op.f("fk_credential_change_credential")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential_change")),
    )
    op.create_index(op.f("ix_credential_change_credential_at"), "credential_change", ["credential", "at"])
    op.create_table(
        "correction_request",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("credential", sa.String(length=32), nullable=False),
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.Column("reporter", sa.String(length=80), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reply_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("replied", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["credential"], ["credential.id"], name=op.f("fk_correction_request_credential")),
        sa.ForeignKeyConstraint(["partner"], ["partner.id"], name=op.f("fk_correction_request_partner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_request")),
    )
    op.create_index(op.f("ix_correction_request_credential"), "correction_request", ["credential"])
    op.create_index(op.f("ix_correction_request_partner_state_due"), "correction_request", ["partner", "state", "due"])
    op.create_table(
        "licence_copy",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("credential", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("requester_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("purpose_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["credential"], ["credential.id"], name=op.f("fk_licence_copy_credential")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_licence_copy_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licence_copy")),
    )
    op.create_index(op.f("ix_licence_copy_person"), "licence_copy", ["person"])
    op.create_table(
        "import_run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.Column("file_hash", sa.LargeBinary(), nullable=False),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("lines_done", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["partner"], ["partner.id"], name=op.f("fk_import_run_partner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("partner", "file_hash", name=op.f("uq_import_run_partner_file_hash")),
    )
    op.create_table(
        "import_fault",
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("other", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["run"], ["import_run.id"], name=op.f("fk_import_fault_run")),
        sa.PrimaryKeyConstraint("run", "line", name=op.f("pk_import_fault")),
    )


def downgrade() -> None:
    """Go back."""
    for table in (
        "import_fault",
        "import_run",
        "licence_copy",
        "correction_request",
        "credential_change",
        "remit",
    ):
        op.drop_table(table)
    op.drop_index(op.f("ix_credential_state_type"), "credential")
    op.drop_index(op.f("ix_credential_follows"), "credential")
    for column in ("source_line", "source", "state_since", "replaced_by", "follows"):
        op.drop_column("credential", column)
