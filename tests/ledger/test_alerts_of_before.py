"""A ledger that had alerts before there was an outbox: what was told stays told, the rest waits."""

from pathlib import Path

import psycopg

from orderworks.ledger.connection import MIGRATIONS


def scripts() -> list[Path]:
    return sorted((MIGRATIONS / "versions").glob("*.sql"))


def test_what_was_told_is_not_told_again(embedded_url: str) -> None:
    before = [path for path in scripts() if "alert_deliveries" not in path.stem]
    (outbox,) = (path for path in scripts() if "alert_deliveries" in path.stem)
    with psycopg.connect(embedded_url) as ledger:
        for script in before:
            ledger.execute(script.read_bytes())
        ledger.execute("INSERT INTO ledger.accounts VALUES ('A', 'simulated', 'simulated')")
        for cause, emitted in (("told", "now()"), ("untold", "NULL")):
            ledger.execute(
                "INSERT INTO ledger.alerts (account, kind, cause, message, payload, at, emitted_at) "
                f"VALUES ('A', 'kill_switch', '{cause}', 'm', '{{}}', now(), {emitted})".encode()
            )
        ledger.execute(outbox.read_bytes())
        alerts = ledger.execute(
            "SELECT cause, subject, told_by FROM ledger.alerts ORDER BY id"
        ).fetchall()
        deliveries = ledger.execute(
            "SELECT channel, delivered_at IS NOT NULL FROM ledger.alert_deliveries"
        ).fetchall()
        ledger.rollback()
    assert alerts == [("told", "told", "nobody"), ("untold", "untold", None)]
    assert deliveries == [("prefect", True)]
