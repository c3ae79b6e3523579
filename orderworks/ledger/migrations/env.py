"""Runs the migrations on the connection that ``orderworks.ledger.connection.upgrade`` hands over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema="ledger",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
