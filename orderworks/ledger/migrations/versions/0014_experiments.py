"""Which orders an experiment took, and what each was drawn to."""

from orderworks.ledger.migration_step import refuse_downgrade, run_sql_beside

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_beside(__file__)


def downgrade() -> None:
    refuse_downgrade()
