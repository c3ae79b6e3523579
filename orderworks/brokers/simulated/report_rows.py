"""Reports on their way as rows of the exchange's record: what is left of them is written anew each time."""

from collections.abc import Sequence
from typing import Any

import psycopg

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.brokers.simulated.fill_rows import read_fills
from orderworks.brokers.simulated.outbox import OnItsWay
from orderworks.row_text import send_rows

_SELECT = b"""
SELECT number, exec_id, said_at, client_order_id, state, reason, filled_quantity
FROM exchange.reports_on_their_way JOIN exchange.orders USING (account, number)
WHERE account = %s ORDER BY place
"""
_DELETE = b"DELETE FROM exchange.reports_on_their_way WHERE account = %s"
_COPY = b"COPY exchange.reports_on_their_way (account, place, number, exec_id, said_at) FROM STDIN"


def read_reports(connection: psycopg.Connection[Any], account: str) -> list[OnItsWay]:
    """The reports that have not reached an account's client, in the order in which they were sent."""
    rows = connection.execute(_SELECT, (account,)).fetchall()
    executions = [row["exec_id"] for row in rows if row["exec_id"] is not None]
    told = read_fills(connection, account, "AND exec_id = ANY(%s)", executions)
    fills = {fill.exec_id: fill for fill in told}
    found = []
    for row in rows:
        number, fill = row["number"], fills.get(row["exec_id"])
        said = row["client_order_id"], row["said_at"], str(number)
        if fill is not None:
            report = Report(ReportKind.FILLED, *said, fill=fill)
        else:
            ended, filled = ReportKind(row["state"]), row["filled_quantity"]
            report = Report(ended, *said, row["reason"], filled=filled)
        found.append(OnItsWay(number, report))
    return found


def replace_reports(
    cursor: psycopg.Cursor[Any], account: str, on_their_way: Sequence[OnItsWay]
) -> None:
    """Writes the reports that have not reached an account's client, in place of those from before."""
    cursor.execute(_DELETE, (account,))
    columns = (
        [account] * len(on_their_way),
        range(len(on_their_way)),
        [one.number for one in on_their_way],
        [one.exec_id for one in on_their_way],
        [one.report.ts for one in on_their_way],
    )
    with cursor.copy(_COPY) as copy:
        send_rows(copy, columns)
