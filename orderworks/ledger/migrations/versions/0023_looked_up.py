"""Parents and corrections are looked up by their keys, whatever the planner takes them for."""

from orderworks.ledger.migration_step import refuse_downgrade, run_sql_beside

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_beside(__file__)


def downgrade() -> None:
    refuse_downgrade()
