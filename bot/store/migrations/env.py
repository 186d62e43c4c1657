"""Run the migrations on the connection that `database.upgrade` hands over; Alembic executes this file."""

from __future__ import annotations

from alembic import context

from bot.store.migrations import VERSION_TABLE

# No transaction is begun here: the caller's holds the lock that keeps a second process out.
context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
