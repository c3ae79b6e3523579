"""What orders are measured from, where shares were split while they rested: all in shares of one kind.

An order is measured in the shares that it was filled in last. What it was decided and arrived at was said
of those that stood when it was released, and is said anew; fills are left as they were booked, each with
how many of the last shares one of its own became.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import prod
from typing import Any

from orderworks.ledger.connection import Ledger
from orderworks.model.adjustment import of_new_share, whole_shares

Row = dict[str, Any]
Splits = Sequence[tuple[datetime, Fraction]]
"""When each came into force, and its new shares for an old one."""

_PRICES = ("decision_price", "arrival_bid", "arrival_ask")
_INSTANT = timedelta(microseconds=1)


def tell_splits(
    ledger: Ledger, account: str, session: date, parents: Sequence[Row], fills: Sequence[Row]
) -> None:
    """Puts parents in the shares of their last fills, in place, and tells fills of other shares.

    What was not filled is told in them too, to the nearest whole share.

    Args:
        session: that released the parents.
        parents, fills: rows of PARENT_COLUMNS and FILL_COLUMNS, fills by time; ``splits`` is 1 in all.
    """
    splits = _splits_since(ledger, account, session)
    through = {row["client_order_id"]: row for row in parents if row["symbol"] in splits}
    own: dict[str, list[Row]] = {name: [] for name in through}
    for fill in fills:
        if fill["parent_id"] in own:
            own[fill["parent_id"]].append(fill)
    for order in _terms(ledger, list(through)):
        parent, filled = through[order["client_order_id"]], own[order["client_order_id"]]
        became = _since_release(splits[order["symbol"]], order["released_at"])
        last = became(filled[-1]["ts"]) if filled else Fraction(1)
        for fill in filled:
            fill["splits"] = last / became(fill["ts"])
        shares = whole_shares([f["quantity"] for f in filled], [f["splits"] for f in filled])
        parent["splits"] = last
        parent["quantity"] = _ordered(order, sum(shares), last, became)
        parent.update({name: of_new_share(parent[name], last) for name in _PRICES})


def _splits_since(ledger: Ledger, account: str, session: date) -> dict[str, Splits]:
    """The splits of each symbol that came into force after a session, in order."""
    splits: dict[str, list[tuple[datetime, Fraction]]] = {}
    for row in ledger.execute(
        "SELECT symbol, at, new_shares, old_shares FROM corporate_actions "
        "WHERE account = %s AND kind = 'split' AND ex_date > %s ORDER BY at, ex_date",
        (account, session),
    ):
        ratio = Fraction(row["new_shares"], row["old_shares"])
        splits.setdefault(row["symbol"], []).append((row["at"], ratio))
    return dict(splits)


def _terms(ledger: Ledger, names: Sequence[str]) -> list[Row]:
    if not names:
        return []
    return ledger.execute(
        "SELECT client_order_id, symbol, released_at, closed_at, planned_quantity, reaches_broker, "
        "attached_to IS NOT NULL AS is_exit, quantity - filled_quantity AS unfilled "
        "FROM orders WHERE client_order_id = ANY(%s)",
        (list(names),),
    ).fetchall()


def _since_release(splits: Splits, released_at: datetime) -> Callable[[datetime | None], Fraction]:
    """By moment, how many shares one of the release had become then; without a moment, by now."""

    def became(moment: datetime | None) -> Fraction:
        came = (r for at, r in splits if released_at < at and (moment is None or at <= moment))
        return prod(came, start=Fraction(1))

    return became


def _ordered(
    order: Mapping[str, Any],
    filled: int,
    last: Fraction,
    became: Callable[[datetime | None], Fraction],
) -> int:
    """The shares that an order is measured by, as ``load_for_measuring`` chooses them, in the last ones."""
    if order["is_exit"]:
        return filled
    if not order["reaches_broker"]:
        return max(filled, round(Fraction(order["planned_quantity"]) * last))
    # What rested was split with the rest; a split that ended it, at its moment, left it as it was.
    closed_at = order["closed_at"]
    standing = None if closed_at is None else closed_at - _INSTANT
    return filled + round(Fraction(order["unfilled"]) * last / became(standing))
