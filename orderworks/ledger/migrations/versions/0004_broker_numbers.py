"""The numbers that orders are sent under to a broker that wants its own."""

from orderworks.ledger.migration_step import refuse_downgrade, run_sql_beside

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_beside(__file__)


def downgrade() -> None:
    refuse_downgrade()
