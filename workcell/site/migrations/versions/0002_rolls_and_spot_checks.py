"""Rolls of pre-printed labels, and the spot checks of released copies."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "rolls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("range", sa.JSON(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rolls")),
    )
    op.create_table(
        "spot_checks",
        sa.Column("barcode", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("book_id", sa.Text(), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("picked_at", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("who", sa.Text(), server_default="", nullable=False),
        sa.Column("checked_at", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("barcode", name=op.f("pk_spot_checks")),
    )
    op.create_index(op.f("ix_spot_checks_verdict"), "spot_checks", ["verdict"])


def downgrade() -> None:
    """Take the tables away again."""
    op.drop_table("spot_checks")
    op.drop_table("rolls")
