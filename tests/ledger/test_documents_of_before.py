"""A ledger that was written before: what it has kept of signals, decisions and routes stays as it is."""

import psycopg
from plan_columns import ORDER_COLUMNS
from working_orders import order, row

from orderworks.ledger.connection import MIGRATIONS

SEEN = {"adv": 1000000.5, "spread_bps": None, "of": ["bid", "ask"]}
DOCUMENTS = (
    "SELECT content, saw, route_saw FROM ledger.signals s JOIN ledger.risk_decisions d "
    "USING (run_id, strategy, symbol) JOIN ledger.open_orders o USING (run_id, strategy, symbol)"
)


def test_documents_are_kept_through_the_upgrade(embedded_url: str) -> None:
    scripts = sorted((MIGRATIONS / "versions").glob("*.sql"))
    written_by = [path for path in scripts if path.stem < "0018"]
    document = psycopg.types.json.Jsonb(SEEN)
    with psycopg.connect(embedded_url) as ledger:
        for script in written_by:
            ledger.execute(script.read_bytes())
        ledger.execute("INSERT INTO ledger.accounts VALUES ('SIM-1', 'simulated', 'simulated')")
        ledger.execute(
            "INSERT INTO ledger.runs (account, run_key, kind, session) "
            "VALUES ('SIM-1', 'daily', 'daily', '2025-11-20')"
        )
        ledger.execute(
            "INSERT INTO ledger.signals VALUES "
            "(1, 1, 'momentum', 'AAPL', 'long', 0.5, 100, now(), %s)",
            (document,),
        )
        ledger.execute(
            "INSERT INTO ledger.risk_decisions VALUES "
            "(1, 'momentum', 'AAPL', true, 'ACCEPTED', 'it fits', %s)",
            (document,),
        )
        planned = dict(zip(ORDER_COLUMNS, row(order("p", 10, algo="none")), strict=True))
        told = {"run_id": 1} | planned | {"route_saw": document}
        places = ", ".join(f"%({name})s" for name in told)
        ledger.execute(
            f"INSERT INTO ledger.orders ({', '.join(told)}) VALUES ({places})".encode(), told
        )
        before = ledger.execute(DOCUMENTS).fetchall()
        for script in scripts[len(written_by) :]:
            ledger.execute(script.read_bytes())
        after = ledger.execute(DOCUMENTS).fetchall()
        ledger.rollback()
    assert before == after == [(SEEN, SEEN, SEEN)]
