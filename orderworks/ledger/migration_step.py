"""What every migration does: runs the SQL that stands beside it, and never goes back."""

from pathlib import Path
from typing import Any

from alembic import op


def run_sql_beside(migration: str) -> None:
    """Runs the file of the migration's name that ends in .sql."""
    # Through the driver: SQLAlchemy would read the per cent signs of RAISE as placeholders.
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute(Path(migration).with_suffix(".sql").read_text("utf-8"))


def refuse_downgrade() -> None:
    """Raises NotImplementedError."""
    raise NotImplementedError("the ledger is only ever upgraded: it is the memory")
