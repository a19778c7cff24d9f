"""Decided cases are found by title and slip for every copy that is fed, however many there are."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes."""
    op.create_index(op.f("ix_cases_title_key_state"), "cases", ["title_key", "state"])
    op.create_index(op.f("ix_cases_slip_state"), "cases", ["slip", "state"])


def downgrade() -> None:
    """Take them away again."""
    op.drop_index(op.f("ix_cases_slip_state"), "cases")
    op.drop_index(op.f("ix_cases_title_key_state"), "cases")
