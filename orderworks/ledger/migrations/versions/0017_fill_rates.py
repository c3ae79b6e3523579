"""The part that is filled of many orders is of money."""

from orderworks.ledger.migration_step import refuse_downgrade, run_sql_beside

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_beside(__file__)


def downgrade() -> None:
    refuse_downgrade()
