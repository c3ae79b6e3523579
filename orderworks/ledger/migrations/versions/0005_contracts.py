"""What a broker says of the stocks of a day."""

from orderworks.ledger.migration_step import refuse_downgrade, run_sql_beside

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql_beside(__file__)


def downgrade() -> None:
    refuse_downgrade()
