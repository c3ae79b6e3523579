"""The numbers that orders are sent under to a broker that wants its own: committed before they leave."""

from collections.abc import Mapping, Sequence

from psycopg import errors

from orderworks.ledger.connection import Ledger
from orderworks.model.errors import BrokerError


def highest_number(ledger: Ledger, account: str, client_id: int) -> int:
    """The highest number that an order of the account was sent under by a client; 0 for none."""
    row = ledger.execute(
        "SELECT max(number) AS highest FROM broker_numbers WHERE account = %s AND client_id = %s",
        (account, client_id),
    ).fetchone()
    return 0 if row is None or row["highest"] is None else int(row["highest"])


def latest_numbers(
    ledger: Ledger, account: str, client_id: int, names: Sequence[str]
) -> dict[str, int]:
    """By client_order_id, the number that each was last sent under; without those that never were."""
    rows = ledger.execute(
        "SELECT client_order_id, max(number) AS number FROM broker_numbers "
        "WHERE account = %s AND client_id = %s AND client_order_id = ANY(%s) GROUP BY client_order_id",
        (account, client_id, list(names)),
    )
    return {row["client_order_id"]: row["number"] for row in rows}


def numbers_from(ledger: Ledger, account: str, client_id: int, lowest: int) -> list[int]:
    """Every number from ``lowest`` on that an order was sent under."""
    rows = ledger.execute(
        "SELECT number FROM broker_numbers WHERE account = %s AND client_id = %s AND number >= %s",
        (account, client_id, lowest),
    )
    return [row["number"] for row in rows]


def seconds_since_number(ledger: Ledger, account: str, client_id: int, name: str) -> float | None:
    """How long ago a number was last taken for ``name``, by the database's clock; None for never."""
    row = ledger.execute(
        "SELECT extract(epoch FROM clock_timestamp() - max(recorded_at)) AS seconds "
        "FROM broker_numbers WHERE account = %s AND client_id = %s AND client_order_id = %s",
        (account, client_id, name),
    ).fetchone()
    return None if row is None or row["seconds"] is None else float(row["seconds"])


def record_numbers(
    ledger: Ledger, account: str, client_id: int, numbers: Mapping[str, int]
) -> None:
    """Write-ahead: commits under which number each order is about to be sent.

    Raises:
        BrokerError: if another process has used one of them; nothing was committed.
    """
    try:
        with ledger.transaction(), ledger.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO broker_numbers (account, client_id, number, client_order_id) "
                "VALUES (%s, %s, %s, %s)",
                [(account, client_id, number, name) for name, number in numbers.items()],
            )
    except errors.UniqueViolation:
        raise BrokerError(
            f"another process has sent orders of account {account} as client {client_id} meanwhile; "
            "nothing was sent; see that only one works the account"
        ) from None
