"""Let a channel choose its output and its temperature."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add both columns, empty in every row: nobody has chosen yet."""
    op.add_column("channel_settings", sa.Column("output", sa.Text, nullable=True))
    op.add_column("channel_settings", sa.Column("temperature", sa.Float, nullable=True))
