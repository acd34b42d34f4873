"""Sales with limits and prescriptions."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "medicine_switch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medicine_switch")),
    )
    op.create_table(
        "medicine_registration",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scan", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("medicine", sa.String(length=20), nullable=False),
        sa.Column("packages", sa.BigInteger(), nullable=False),
        sa.Column("codes_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_medicine_registration_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medicine_registration")),
        sa.UniqueConstraint("scan", name=op.f("uq_medicine_registration_scan")),
    )
    op.create_index(op.f("ix_medicine_registration_expires"), "medicine_registration", ["expires"])
    op.create_table(
        "medicine_sale",
        sa.Column("scan", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("medicine", sa.String(length=20), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("packages", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reversed", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_medicine_sale_person")),
        sa.PrimaryKeyConstraint("scan", name=op.f("pk_medicine_sale")),
    )
    op.create_index(op.f("ix_medicine_sale_partner_at"), "medicine_sale", ["partner", "at"])
    op.create_index(
        op.f("ix_medicine_sale_person_medicine_at"), "medicine_sale", ["person", "medicine", "at"], unique=False
    )
    op.create_table(
        "prescription",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.Column("client", sa.String(length=32), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("asked_hash", sa.LargeBinary(), nullable=False),
        sa.Column("prescriber", sa.String(length=40), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["partner"], ["partner.id"], name=op.f("fk_prescription_partner")),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_prescription_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescription")),
        sa.UniqueConstraint("client", "act", name=op.f("uq_prescription_client_act")),
    )
    op.create_index(op.f("ix_prescription_expires"), "prescription", ["expires"])
    op.create_index(op.f("ix_prescription_person_expires"), "prescription", ["person", "expires"])
    op.create_table(
        "redemption",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("client", sa.String(length=32), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("asked_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scan", sa.String(length=32), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=False),
        sa.Column("partner", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reversed", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_redemption_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redemption")),
        sa.UniqueConstraint("client", "act", name=op.f("uq_redemption_client_act")),
    )
    op.create_index(op.f("ix_redemption_partner_at"), "redemption", ["partner", "at"])
    op.create_index(op.f("ix_redemption_person_at"), "redemption", ["person", "at"])
    op.create_table(
        "prescription_item",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("prescription", sa.String(length=32), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("medicine_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("dispensed", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("dispensed >= 0 and dispensed <= quantity", name=op.f("ck_prescription_item_dispensed")),
        sa.ForeignKeyConstraint(
            ["prescription"], ["prescription.id"], name=op.f("fk_prescription_item_prescription"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prescription_item")),
        sa.UniqueConstraint("prescription", "number", name=op.f("uq_prescription_item_prescription_number")),
    )
    op.create_table(
        "redeemed_item",
        sa.Column("redemption", sa.String(length=32), nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item"], ["prescription_item.id"], name=op.f("fk_redeemed_item_item"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["redemption"], ["redemption.id"], name=op.f("fk_redeemed_item_redemption"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("redemption", "item", name=op.f("pk_redeemed_item")),
    )
    op.create_index(op.f("ix_redeemed_item_item"), "redeemed_item", ["item"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("redeemed_item")
    op.drop_table("prescription_item")
    op.drop_table("redemption")
    op.drop_table("prescription")
    op.drop_table("medicine_sale")
    op.drop_table("medicine_registration")
    op.drop_table("medicine_switch")
