"""Plans that wait for a person before any of them is sent."""

from orderworks.ledger.migration_step import refuse_downgrade, run_sql_beside

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_beside(__file__)


def downgrade() -> None:
    refuse_downgrade()
