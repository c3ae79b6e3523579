"""Execution quality by order and by fill, a partition a month; weeks and months; late corrections."""

from orderworks.ledger.migration_step import refuse_downgrade, run_sql_beside

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_beside(__file__)


def downgrade() -> None:
    refuse_downgrade()
