"""What a run sent and what came of it, as tables for the handoffs that judge them."""

import pandas as pd

from orderworks.ledger.connection import Ledger

_SUBMITTED = """
SELECT client_order_id, symbol, side, quantity, state, order_type, limit_price, attempts, released_at
FROM orders WHERE run_id = %s AND reaches_broker AND attempts > 0 ORDER BY client_order_id
"""
_FILLS = """
SELECT f.exec_id, f.client_order_id, f.symbol, f.side, f.quantity, f.price, f.commission, f.ts,
       o.filled_quantity, o.quantity AS ordered_quantity
FROM executions f JOIN orders o USING (client_order_id) WHERE o.run_id = %s ORDER BY f.ts, f.exec_id
"""


def submitted_table(ledger: Ledger, run_id: int) -> pd.DataFrame:
    """The orders of a run that were sent."""
    return _table(ledger, _SUBMITTED, run_id, "released_at")


def fills_table(ledger: Ledger, run_id: int) -> pd.DataFrame:
    """The executions of a run, each beside its order."""
    return _table(ledger, _FILLS, run_id, "ts")


def _table(ledger: Ledger, query: str, run_id: int, time_column: str) -> pd.DataFrame:
    cursor = ledger.execute(query.encode(), (run_id,))
    names = [column.name for column in cursor.description or ()]
    table = pd.DataFrame(cursor.fetchall(), columns=names)
    return table.astype({time_column: "datetime64[us, UTC]"})
