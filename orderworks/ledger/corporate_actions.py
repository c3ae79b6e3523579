"""Splits and cash dividends in the ledger, each booked once, and what they make of orders and prices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Any

from orderworks.ledger.bulk import copy_rows
from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease, require_lease
from orderworks.model.corporate_action import AppliedAction

# What the opening balances were read after is in them already.
_BOOK = """
INSERT INTO corporate_actions (account, action_id, ex_date, symbol, kind, new_shares, old_shares, amount,
                               quantity_change, cash_change, at)
SELECT %s, a.* FROM unnest(%s::text[], %s::date[], %s::text[], %s::text[], %s::bigint[], %s::bigint[],
                           %s::numeric[], %s::bigint[], %s::numeric[], %s::timestamptz[])
    AS a (action_id, ex_date, symbol, kind, new_shares, old_shares, amount, quantity_change, cash_change, at)
WHERE a.at > (SELECT min(at) FROM snapshots WHERE account = %s AND kind = 'opening')
ON CONFLICT (account, action_id) DO NOTHING
RETURNING action_id
"""

# What was traded before the first split of its symbol is of age 0, before the second of age 1, and so on.
_AGE = """
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE c.at <= f.ts) AS age FROM corporate_actions c
    WHERE c.account = f.account AND c.symbol = f.symbol AND c.kind = 'split') a
"""
_HELD_BETWEEN_SPLITS = f"""
SELECT o.strategy, f.symbol, a.age,
       sum(CASE f.side WHEN 'buy' THEN f.quantity ELSE -f.quantity END)::bigint AS shares
FROM executions f JOIN orders o USING (client_order_id) {_AGE}
WHERE f.account = %s AND f.symbol = ANY(%s) GROUP BY o.strategy, f.symbol, a.age
"""
_FILLED_BETWEEN_SPLITS = f"""
SELECT f.client_order_id, f.symbol, a.age, sum(f.quantity)::bigint AS shares FROM executions f {_AGE}
WHERE f.account = %s AND f.symbol = ANY(%s) AND f.client_order_id = ANY(%s)
GROUP BY f.client_order_id, f.symbol, a.age
"""
_LAST_PRICES = f"""
SELECT DISTINCT ON (f.symbol) f.symbol, a.age, f.price FROM executions f {_AGE}
WHERE f.account = %s AND f.symbol = ANY(%s) ORDER BY f.symbol, f.ts DESC, f.exec_id DESC
"""


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """All the terms of an open order that corporate actions change."""

    client_order_id: str
    quantity: int
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    stop_loss_price: Decimal | None = None
    take_profit_price: Decimal | None = None


def book_corporate_actions(
    ledger: Ledger, lease: Lease, actions: Sequence[AppliedAction]
) -> list[AppliedAction]:
    """Commits the actions that the books do not have yet; positions and cash move with them.

    Those that were applied before the opening balances were read are in these, and not booked.

    Returns:
        Those that were booked now.

    Raises:
        LeaseLost: and nothing was booked.
    """
    if not actions:
        return []
    ratios = [action.ratio for action in actions]
    with ledger.transaction():
        require_lease(ledger, lease)
        booked = ledger.execute(
            _BOOK,
            (
                lease.account,
                [action.action_id for action in actions],
                [action.ex_date for action in actions],
                [action.symbol for action in actions],
                [action.kind.value for action in actions],
                [None if ratio is None else ratio.numerator for ratio in ratios],
                [None if ratio is None else ratio.denominator for ratio in ratios],
                [action.amount for action in actions],
                [action.quantity_change for action in actions],
                [action.cash_change for action in actions],
                [action.at for action in actions],
                lease.account,
            ),
        ).fetchall()
    new = {row["action_id"] for row in booked}
    return [action for action in actions if action.action_id in new]


def change_terms(ledger: Ledger, changed: Sequence[OrderTerms], at: datetime) -> None:
    """Changes open orders to what corporate actions made of them, at a market time."""
    names = tuple(field.name for field in fields(OrderTerms))
    rows = ((*astuple(terms), at) for terms in changed)
    copy_rows(ledger, "changed_terms", (*names, "at"), rows)


def held_through_splits(ledger: Ledger, account: str) -> dict[tuple[str, str], int]:
    """What each strategy holds by its own fills in the symbols that were split, in today's shares.

    A strategy's part of a share goes to no strategy.

    Returns:
        Signed shares by strategy and symbol.
    """
    ratios = _splits(ledger, account)
    if not ratios:
        return {}
    rows = ledger.execute(_HELD_BETWEEN_SPLITS.encode(), (account, list(ratios)))
    held = _in_todays_shares(rows, ratios, ("strategy", "symbol"))
    return {key: int(shares) for key, shares in held.items()}


def filled_through_splits(ledger: Ledger, account: str, ids: Sequence[str]) -> dict[str, Fraction]:
    """What each of these orders filled in the symbols that were split, in today's shares."""
    ratios = _splits(ledger, account)
    if not ratios:
        return {}
    rows = ledger.execute(_FILLED_BETWEEN_SPLITS.encode(), (account, list(ratios), list(ids)))
    filled = _in_todays_shares(rows, ratios, ("client_order_id",))
    return {name: shares for (name,), shares in filled.items()}


def last_prices(ledger: Ledger, account: str, symbols: Sequence[str]) -> dict[str, float]:
    """The price of the account's last execution in each of these symbols that has one, in today's shares."""
    ratios = _splits(ledger, account)
    rows = ledger.execute(_LAST_PRICES.encode(), (account, list(symbols)))
    prices = {}
    for row in rows:
        later = prod(ratios.get(row["symbol"], [])[row["age"] :], start=Fraction(1))
        prices[row["symbol"]] = float(row["price"]) / float(later)
    return prices


def _splits(ledger: Ledger, account: str) -> dict[str, list[Fraction]]:
    """The ratios of each symbol's splits, in order."""
    ratios: dict[str, list[Fraction]] = {}
    for row in ledger.execute(
        "SELECT symbol, new_shares, old_shares FROM corporate_actions "
        "WHERE account = %s AND kind = 'split' ORDER BY at, ex_date",
        (account,),
    ):
        ratio = Fraction(row["new_shares"], row["old_shares"])
        ratios.setdefault(row["symbol"], []).append(ratio)
    return ratios


def _in_todays_shares(
    rows: Iterable[dict[str, Any]], ratios: Mapping[str, Sequence[Fraction]], key: Sequence[str]
) -> dict[Any, Fraction]:
    """The sum of ``shares`` by ``key``, each times the splits that came after it."""
    total: dict[Any, Fraction] = {}
    for row in rows:
        of = tuple(row[name] for name in key)
        later = prod(ratios[row["symbol"]][row["age"] :], start=Fraction(1))
        total[of] = total.get(of, Fraction(0)) + row["shares"] * later
    return total
