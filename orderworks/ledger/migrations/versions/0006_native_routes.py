"""Orders that a broker works by an algorithm of its own, or at the middle of the quote."""

from orderworks.ledger.migration_step import refuse_downgrade, run_sql_beside

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_beside(__file__)


def downgrade() -> None:
    refuse_downgrade()
