"""Accounts and what they hold, as booked."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from psycopg.rows import tuple_row

from orderworks.ledger.connection import Ledger
from orderworks.model.errors import InputError
from orderworks.model.portfolio import Portfolio, Position


def open_account(ledger: Ledger, account: str, mode: str, provider: str) -> None:
    """Makes the account known to the ledger, or checks that it is the one that we know.

    Raises:
        InputError: if the account was opened in another mode: paper and live never share one.
    """
    ledger.execute(
        "INSERT INTO accounts (account, mode, provider) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (account, mode, provider),
    )
    known = ledger.execute(
        "SELECT mode, provider FROM accounts WHERE account = %s", (account,)
    ).fetchone()
    if known is not None and (known["mode"], known["provider"]) != (mode, provider):
        raise InputError(
            f"account {account} is booked as {known['mode']} at {known['provider']} and cannot be "
            f"used as {mode} at {provider}; name another account in the settings"
        )


def is_opened(ledger: Ledger, account: str) -> bool:
    """Whether opening balances were booked."""
    return (
        ledger.execute("SELECT 1 FROM cash WHERE account = %s", (account,)).fetchone() is not None
    )


def book_opening(ledger: Ledger, portfolio: Portfolio, session: date, at: datetime) -> None:
    """Books what the broker shows as the account's opening balances, once.

    From here on only fills move the books.
    """
    with ledger.transaction():
        opened = ledger.execute(
            "INSERT INTO cash (account, balance) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING 1",
            (portfolio.account, portfolio.cash),
        ).fetchone()
        if opened is None:
            return
        for held in portfolio.positions.values():
            ledger.execute(
                "INSERT INTO positions (account, symbol, quantity, cost) VALUES (%s, %s, %s, %s)",
                (portfolio.account, held.symbol, held.quantity, held.quantity * held.share_cost),
            )
        record_snapshot(ledger, portfolio, session, "opening", at, equity=None)


def booked_portfolio(ledger: Ledger, account: str) -> Portfolio:
    """Cash and the positions other than zero, as the ledger has them, each at its break-even price."""
    cash = ledger.execute("SELECT balance FROM cash WHERE account = %s", (account,)).fetchone()
    with ledger.cursor(row_factory=tuple_row) as cursor:
        held = cursor.execute(
            "SELECT symbol, quantity, cost FROM positions WHERE account = %s AND quantity <> 0",
            (account,),
        ).fetchall()
    positions = {symbol: Position(symbol, shares, cost / shares) for symbol, shares, cost in held}
    return Portfolio(account, Decimal(0) if cash is None else cash["balance"], positions)


def record_snapshot(
    ledger: Ledger,
    portfolio: Portfolio,
    session: date,
    kind: str,
    at: datetime,
    equity: Decimal | None,
) -> None:
    """Keeps what the account held at one moment."""
    positions = {held.symbol: held.quantity for held in portfolio.positions.values()}
    ledger.execute(
        "INSERT INTO snapshots (account, session, kind, at, cash, equity, positions) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (portfolio.account, session, kind, at, portfolio.cash, equity, json.dumps(positions)),
    )


def equity_marks(ledger: Ledger, account: str, session: date) -> Mapping[str, Decimal | None]:
    """``peak``: the highest equity ever recorded; ``start``: the first of this session. None: none.

    Each as if what was transferred since had been there by then, or gone: that is no gain and no loss.
    """
    row = ledger.execute(
        "WITH valued AS (SELECT s.id, s.session, s.at, s.equity + coalesce((SELECT "
        "sum(a.cash_change + a.quantity_change * coalesce(a.mark, 0)) FROM adjustments a "
        "WHERE a.account = s.account AND a.is_transfer "
        # In the order in which they were booked: several may be at one time of the market.
        "AND a.recorded_at > s.recorded_at), 0) AS equity "
        "FROM snapshots s WHERE s.account = %(account)s AND s.equity IS NOT NULL) "
        "SELECT max(equity) AS peak, (SELECT equity FROM valued WHERE session = %(session)s "
        "ORDER BY at, id LIMIT 1) AS start FROM valued",
        {"account": account, "session": session},
    ).fetchone()
    return row or {"peak": None, "start": None}
