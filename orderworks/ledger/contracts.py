"""What a broker says of the stocks of a day, kept so that it is asked once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orderworks.ledger.connection import Ledger


@dataclass(frozen=True, slots=True)
class KeptContract:
    """One stock on one day.

    ``increments`` are those of its prices, by the price that each holds from; ``size_increment`` is what
    its quantities are multiples of, 0 where that was not told; ``shortable`` is None where that was not.
    """

    symbol: str
    con_id: int
    primary_exchange: str
    increments: Mapping[Decimal, Decimal]
    size_increment: Decimal
    shortable: bool | None = None


def kept_contracts(
    ledger: Ledger, account: str, session: date, symbols: Sequence[str]
) -> list[KeptContract]:
    """What is kept of these symbols; without those that nobody has asked about."""
    rows = ledger.execute(
        "SELECT symbol, con_id, primary_exchange, increments, size_increment, shortable "
        "FROM contracts WHERE account = %s AND session = %s AND symbol = ANY(%s)",
        (account, session, list(symbols)),
    )
    return [KeptContract(**row | {"increments": _read(row["increments"])}) for row in rows]


def keep_contracts(
    ledger: Ledger, account: str, session: date, contracts: Iterable[KeptContract]
) -> None:
    """Keeps what was asked; what another process has kept meanwhile stands."""
    with ledger.transaction(), ledger.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO contracts (account, session, symbol, con_id, primary_exchange, increments, "
            "size_increment, shortable) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (account, session, symbol) DO NOTHING",
            [
                (
                    *(account, session, one.symbol, one.con_id, one.primary_exchange),
                    json.dumps({str(edge): str(step) for edge, step in one.increments.items()}),
                    *(one.size_increment, one.shortable),
                )
                for one in contracts
            ],
        )


def keep_shortable(
    ledger: Ledger, account: str, session: date, shortable: Mapping[str, bool]
) -> None:
    """Keeps whether stocks that are kept may be sold short, as it was last told."""
    with ledger.transaction(), ledger.cursor() as cursor:
        cursor.executemany(
            "UPDATE contracts SET shortable = %s WHERE account = %s AND session = %s AND symbol = %s",
            [(may, account, session, symbol) for symbol, may in shortable.items()],
        )


def _read(increments: Mapping[str, str]) -> dict[Decimal, Decimal]:
    return {Decimal(edge): Decimal(step) for edge, step in increments.items()}
