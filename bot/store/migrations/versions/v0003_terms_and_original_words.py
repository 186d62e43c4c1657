"""Let a channel have terms, see the original words, and leave alone what is in English already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add both columns, empty in every row since nobody has chosen yet, and the table of terms."""
    op.add_column("channel_settings", sa.Column("wants_original", sa.Boolean, nullable=True))
    op.add_column("channel_settings", sa.Column("skips_english", sa.Boolean, nullable=True))
    op.create_table(
        "channel_terms",
        sa.Column("team_id", sa.Text, primary_key=True),
        sa.Column("channel_id", sa.Text, primary_key=True),
        sa.Column("folded", sa.Text, primary_key=True),
        sa.Column("term", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
    )
