"""Where places are, for phones that compare their own location with it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("place") as place:
        for name in ("latitude", "longitude", "radius"):
            place.add_column(sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("place") as place:
        for name in ("radius", "longitude", "latitude"):
            place.drop_column(name)
