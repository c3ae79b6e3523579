"""What a person decides: held orders, breaks that lock, flattening."""

from orderworks.ledger.migration_step import refuse_downgrade, run_sql_beside

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_beside(__file__)


def downgrade() -> None:
    refuse_downgrade()
