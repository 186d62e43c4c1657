"""Create the tables of channel settings and withdrawals.

A migration stays as it was written: it repeats the columns rather than import them from the stores,
which go on changing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create both tables, as bot/store/settings.py and bot/store/withdrawals.py describe them."""
    op.create_table(
        "channel_settings",
        sa.Column("team_id", sa.Text, primary_key=True),
        sa.Column("channel_id", sa.Text, primary_key=True),
        sa.Column("mode", sa.Text, nullable=True),
        sa.Column("prompt", sa.Text, nullable=False, server_default=""),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "withdrawals",
        sa.Column("team_id", sa.Text, primary_key=True),
        sa.Column("channel_id", sa.Text, primary_key=True),
        sa.Column("ts", sa.Text, primary_key=True),
        sa.Column("file_id", sa.Text, primary_key=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )
