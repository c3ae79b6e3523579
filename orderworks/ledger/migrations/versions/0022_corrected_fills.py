"""What a fill corrects is found by its key."""

from orderworks.ledger.migration_step import refuse_downgrade, run_sql_beside

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_beside(__file__)


def downgrade() -> None:
    refuse_downgrade()
