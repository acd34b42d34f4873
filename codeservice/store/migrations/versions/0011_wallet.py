"""Sessions that change their secret and know their device, WeChat users, and disputes about scans."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("session") as session:
        session.add_column(sa.Column("next_hash", sa.LargeBinary(), nullable=True))
        session.add_column(sa.Column("next_at", sa.BigInteger(), nullable=True))
        session.add_column(sa.Column("previous_hash", sa.LargeBinary(), nullable=True))
        session.add_column(sa.Column("previous_until", sa.BigInteger(), nullable=True))
        session.add_column(sa.Column("device", sa.String(length=32), nullable=True))
        session.add_column(sa.Column("client", sa.String(length=40), nullable=False, server_default="unknown"))
        session.add_column(sa.Column("rotated", sa.BigInteger(), nullable=False, server_default="0"))
        session.add_column(sa.Column("seen", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE session SET rotated = created, seen = created - created % 3600")
    with op.batch_alter_table("session") as session:
        session.alter_column("client", existing_type=sa.String(length=40), server_default=None)
        session.alter_column("rotated", existing_type=sa.BigInteger(), server_default=None)
        session.alter_column("seen", existing_type=sa.BigInteger(), server_default=None)
        session.create_unique_constraint(op.f("uq_session_next_hash"), ["next_hash"])
        session.create_unique_constraint(op.f("uq_session_previous_hash"), ["previous_hash"])
        session.create_foreign_key(op.f("fk_session_device"), "device", ["device"], ["id"])
        session.create_index(op.f("ix_session_device"), ["device"])
    op.create_table(
        "wechat_identity",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("openid_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("openid_index", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name=op.f("fk_wechat_identity_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wechat_identity")),
        sa.UniqueConstraint("openid_index", name=op.f("uq_wechat_identity_openid_index")),
    )
    op.create_index(op.f("ix_wechat_identity_account"), "wechat_identity", ["account"])
    op.create_table(
        "binding_ticket",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("ticket_hash", sa.LargeBinary(), nullable=False),
        sa.Column("openid_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binding_ticket")),
        sa.UniqueConstraint("ticket_hash", name=op.f("uq_binding_ticket_ticket_hash")),
    )
    op.create_table(
        "scan_dispute",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("scan", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("reply_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answered", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind in ('not_me', 'wrong')", name=op.f("ck_scan_dispute_kind")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_scan_dispute_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_dispute")),
        sa.UniqueConstraint("scan", "person", name=op.f("uq_scan_dispute_scan_person")),
    )
    op.create_index(op.f("ix_scan_dispute_answered_due"), "scan_dispute", ["answered", "due"])
    op.create_index(op.f("ix_scan_dispute_at"), "scan_dispute", ["at"])
    op.create_index(op.f("ix_scan_dispute_person"), "scan_dispute", ["person"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("scan_dispute")
    op.drop_table("binding_ticket")
    op.drop_table("wechat_identity")
    with op.batch_alter_table("session") as session:
        session.drop_index(op.f("ix_session_device"))
        session.drop_constraint(op.f("fk_session_device"), type_="foreignkey")
        session.drop_constraint(op.f("uq_session_previous_hash"), type_="unique")
        session.drop_constraint(op.f("uq_session_next_hash"), type_="unique")
        for name in ("seen", "rotated", "client", "device", "previous_until", "previous_hash", "next_at", "next_hash"):
            session.drop_column(name)
