"""Alembic's entry: runs the revisions on the connection that `db.migrate` opened."""

from alembic import context

from parcours.db.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, compare_type=False)
with context.begin_transaction():
    context.run_migrations()
