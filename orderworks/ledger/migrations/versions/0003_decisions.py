"""What a person decides: held orders, breaks that lock, flattening."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Through the driver: SQLAlchemy would read the per cent signs of RAISE as placeholders.
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))


def downgrade() -> None:
    raise NotImplementedError("the ledger is only ever upgraded: it is the memory")
