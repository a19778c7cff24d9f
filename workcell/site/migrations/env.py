"""Alembic's entry: runs inside the transaction that ``Database`` has opened."""

from alembic import context

from workcell.site.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
