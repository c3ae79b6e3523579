"""What was handed in and seen is kept as it was told."""

from orderworks.ledger.migration_step import refuse_downgrade, run_sql_beside

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_beside(__file__)


def downgrade() -> None:
    refuse_downgrade()
