"""How far the fills of an account were published to a stream: the outbox is the ledger itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from orderworks.ledger.connection import Ledger

_TURN = 0x0DE5_0030


@dataclass(frozen=True, slots=True)
class BookedFill:
    """A fill as it was booked: its place among them, and what is told of it, as text."""

    number: int
    fields: Mapping[str, str]


def take_turn(ledger: Ledger, account: str) -> bool:
    """Whether this process may publish for the account, until it disconnects; one at a time does."""
    row = ledger.execute(
        "SELECT pg_try_advisory_lock(%s, hashtext(%s)) AS taken", (_TURN, account)
    ).fetchone()
    return row is not None and bool(row["taken"])


def unpublished(ledger: Ledger, account: str, stream: str, count: int) -> list[BookedFill]:
    """The first fills of an account that the stream was not yet given, in the order of their booking.

    Corrections and busts are fills of their own, which name the execution that they replace.
    """
    rows = ledger.execute(
        "SELECT f.number, f.account, f.exec_id, f.client_order_id, o.strategy, f.symbol, f.side, "
        "f.quantity, f.price, f.commission, f.ts, f.replaces "
        "FROM fills f JOIN orders o USING (client_order_id) "
        "WHERE f.account = %(account)s AND f.number > coalesce((SELECT number FROM published_fills "
        "WHERE account = %(account)s AND stream = %(stream)s), 0) ORDER BY f.number LIMIT %(count)s",
        {"account": account, "stream": stream, "count": count},
    )
    return [BookedFill(row.pop("number"), _texts(row)) for row in rows]


def mark_published(ledger: Ledger, account: str, stream: str, number: int) -> None:
    """The stream has every fill of the account up to this one."""
    ledger.execute(
        "INSERT INTO published_fills (account, stream, number) VALUES (%s, %s, %s) "
        "ON CONFLICT (account, stream) DO UPDATE SET number = excluded.number, "
        "published_at = clock_timestamp() WHERE published_fills.number < excluded.number",
        (account, stream, number),
    )


def _texts(row: Mapping[str, object]) -> dict[str, str]:
    texts = {name: str(value) for name, value in row.items() if value is not None}
    return texts | {"ts": texts["ts"].replace(" ", "T").replace("+00:00", "Z")}
