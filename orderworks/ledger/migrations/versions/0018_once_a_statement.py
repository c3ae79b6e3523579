"""What was checked row by row is checked once a statement."""

from orderworks.ledger.migration_step import refuse_downgrade, run_sql_beside

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_beside(__file__)


def downgrade() -> None:
    refuse_downgrade()
