"""The corporate actions in the exchange's record, each of an account once."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import psycopg
from psycopg.rows import DictRow

from orderworks.brokers.simulated.account import ExchangeAccount
from orderworks.model.corporate_action import ActionKind, AppliedAction

# Rounded so that exits, and the orders of a group, never trade more than is left to them.
_SCALE_FILLED = """
UPDATE exchange.orders SET split_gain = CASE WHEN entry IS NULL AND oca_group IS NULL THEN floor(today)
                                             ELSE ceil(today) END - filled_quantity
FROM (SELECT number AS filled, (filled_quantity + split_gain)::numeric * %(new)s / %(old)s AS today
      FROM exchange.orders WHERE account = %(account)s AND symbol = %(symbol)s AND filled_quantity > 0) f
WHERE account = %(account)s AND number = filled
"""


def write_actions(
    cursor: psycopg.Cursor[DictRow], account: ExchangeAccount, actions: Sequence[AppliedAction]
) -> None:
    """Adds actions, and the positions and what orders have filled as they stand after them."""
    cursor.executemany(
        "INSERT INTO exchange.corporate_actions (account, action_id, ex_date, symbol, kind, "
        "new_shares, old_shares, amount, quantity_change, cash_change, at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                account.account,
                action.action_id,
                action.ex_date,
                action.symbol,
                action.kind.value,
                None if action.ratio is None else action.ratio.numerator,
                None if action.ratio is None else action.ratio.denominator,
                action.amount,
                action.quantity_change,
                action.cash_change,
                action.at,
            )
            for action in actions
        ],
    )
    for action in actions:
        if action.ratio is not None:
            new, old = action.ratio.numerator, action.ratio.denominator
            of = {"account": account.account, "symbol": action.symbol, "new": new, "old": old}
            cursor.execute(_SCALE_FILLED, of)
    moved = sorted({action.symbol for action in actions} & account.positions.keys())
    cursor.executemany(
        "UPDATE exchange.positions SET quantity = %s, cost = %s WHERE account = %s AND symbol = %s",
        [(*account.positions[symbol], account.account, symbol) for symbol in moved],
    )


def read_actions(connection: psycopg.Connection[DictRow], account: str) -> list[AppliedAction]:
    """Every action that was ever applied to an account, in order."""
    return [
        _action(**row)
        for row in connection.execute(
            "SELECT action_id, ex_date, symbol, kind, new_shares, old_shares, amount, "
            "quantity_change, cash_change, at FROM exchange.corporate_actions "
            "WHERE account = %s ORDER BY ex_date, symbol, kind",
            (account,),
        )
    ]


def _action(
    kind: str, new_shares: int | None, old_shares: int | None, **known: Any
) -> AppliedAction:
    ratio = None if new_shares is None or old_shares is None else Fraction(new_shares, old_shares)
    return AppliedAction(kind=ActionKind(kind), ratio=ratio, **known)
