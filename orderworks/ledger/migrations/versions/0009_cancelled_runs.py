"""Runs that are cancelled, and by what name a scheduler knows them."""

from orderworks.ledger.migration_step import refuse_downgrade, run_sql_beside

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_beside(__file__)


def downgrade() -> None:
    refuse_downgrade()
