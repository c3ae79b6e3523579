"""Measured orders and fills in a partition a month: made when needed, and what was there is carried over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import psycopg
import pytest

from orderworks.ledger.connection import MIGRATIONS, Ledger, open_ledger

PARTITIONS = """
SELECT child.relname AS name FROM pg_inherits i
JOIN pg_class child ON child.oid = i.inhrelid JOIN pg_class whole ON whole.oid = i.inhparent
WHERE whole.relname IN ('order_quality', 'fill_quality') AND whole.relkind = 'p' ORDER BY 1
"""


def partitions(ledger: Ledger) -> list[str]:
    return [row["name"] for row in ledger.execute(PARTITIONS.encode())]


def test_a_month_is_made_once(ledger: Ledger) -> None:
    assert partitions(ledger) == []
    for day in (date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 1), date(2026, 11, 20)):
        ledger.execute("SELECT open_quality_month(%s)", (day,))
    assert partitions(ledger) == [
        *("fill_quality_2026_11", "fill_quality_2026_12"),
        *("order_quality_2026_11", "order_quality_2026_12"),
    ]
    bounds = ledger.execute(
        "SELECT pg_get_expr(relpartbound, oid) AS bounds FROM pg_class "
        "WHERE relname = 'order_quality_2026_12'"
    ).fetchone()
    assert bounds == {"bounds": "FOR VALUES FROM ('2026-12-01') TO ('2027-01-01')"}


def test_many_writers_at_once_make_one(ledger: Ledger, ledger_url: str) -> None:
    writers = 6
    barrier = Barrier(writers)

    def write(number: int) -> None:
        with open_ledger(ledger_url) as own:
            barrier.wait()
            for month in range(1, 5):
                with own.transaction():
                    own.execute("SELECT open_quality_month(%s)", (date(2026, month, 1 + number),))

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    assert len(partitions(ledger)) == 8


@pytest.mark.parametrize("table", ["order_quality", "fill_quality"])
def test_a_new_month_waits_for_nobody_who_writes_another(
    ledger: Ledger, ledger_url: str, table: str
) -> None:
    """Whoever writes this month, or orders, holds no lock that the next month needs, nor the reverse."""
    ledger.execute("SELECT open_quality_month('2026-11-20')")
    with open_ledger(ledger_url) as other, ledger.transaction():
        ledger.execute(f"DELETE FROM {table} WHERE session = '2026-11-20'".encode())
        ledger.execute("LOCK TABLE orders IN ROW EXCLUSIVE MODE")
        other.execute("SET lock_timeout = '500ms'")
        other.execute("SELECT open_quality_month('2026-12-20')")
    assert len(partitions(ledger)) == 4


def test_what_was_measured_before_is_carried_over(embedded_url: str) -> None:
    scripts = sorted((MIGRATIONS / "versions").glob("*.sql"))
    number = [script.stem for script in scripts].index("0013_execution_quality")
    with psycopg.connect(embedded_url) as ledger:
        for script in scripts[:number]:
            ledger.execute(script.read_bytes())
        ledger.execute("INSERT INTO ledger.accounts VALUES ('A', 'simulated', 'simulated')")
        ledger.execute("SET session_replication_role = replica")  # an order without its whole life
        for name, session, at in (
            ("p1", "2026-10-30", "2026-10-30 14:05+00"),  # summer time: 10:05 in New York
            ("p2", "2026-11-20", "2026-11-20 14:45+00"),
        ):
            ledger.execute(
                "INSERT INTO ledger.orders (client_order_id, account, run_id, strategy, symbol, side, "
                "planned_quantity, quantity, order_type, tif, algo, due_at, ends_at, route_rule, "
                "decision_price, signal_ts, released_at) VALUES (%s, 'A', 1, 's', 'X', 'buy', 10, 10, "
                "'market', 'day', 'none', %s, %s, 'URGENT', 10, %s, %s)",
                (name, at, at, at, at),
            )
            ledger.execute(
                "INSERT INTO ledger.order_quality (client_order_id, account, session, strategy, symbol, "
                "side, order_type, route_rule, algo, quantity, filled_quantity, fill_rate, "
                "filled_notional, decision_price, twap_price, shortfall_total) VALUES "
                "(%s, 'A', %s, 's', 'X', 'buy', 'market', 'URGENT', 'none', 10, 10, 1, 100.10, 10, "
                "10.005, 0.10)",
                (name, session),
            )
        ledger.execute("SET session_replication_role = origin")
        ledger.execute(scripts[number].read_bytes())
        carried = ledger.execute(
            "SELECT client_order_id, session::text, hour, size_bucket, filled_notional::text, "
            "twap_price, shortfall_total::text, markout_1m_bps, tableoid::regclass::text "
            "FROM ledger.order_quality ORDER BY 1"
        ).fetchall()
        sessions = ledger.execute(
            "SELECT session::text, until_fill FROM ledger.measured_sessions ORDER BY 1"
        ).fetchall()
        ledger.rollback()
    same = ("unknown", "100.10", 10.005, "0.10", None)
    assert carried == [
        ("p1", "2026-10-30", 10, *same, "ledger.order_quality_2026_10"),
        ("p2", "2026-11-20", 9, *same, "ledger.order_quality_2026_11"),
    ]
    assert sessions == [("2026-10-30", 0), ("2026-11-20", 0)]
