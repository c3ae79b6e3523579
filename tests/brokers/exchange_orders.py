"""Resting orders and accounts as the exchange has them, small enough to read."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from small_market import ACCOUNT, SESSION

from orderworks.brokers.simulated.account import ExchangeAccount, ExchangeOrder
from orderworks.model.order import Side
from orderworks.model.state import OrderState


def resting(symbol: str, side: str, quantity: int, **changes: Any) -> ExchangeOrder:
    """A GTC order that rests and has filled nothing, unless told otherwise."""
    order = ExchangeOrder(
        number=1,
        client_order_id="ow-rests",
        symbol=symbol,
        side=Side(side),
        quantity=quantity,
        order_type="limit",
        limit_price=None,
        tif="gtc",
        received_at=SESSION.open,
        volume_at_arrival=0,
        month_shares=0,
        state=OrderState.SUBMITTED,
        reason=None,
        filled_quantity=0,
        filled_value=Decimal(0),
        executions=0,
        changed_at=SESSION.open,
    )
    return replace(order, **changes)


def account(
    cash: str | Decimal, held: Mapping[str, tuple[int, str]] | None = None
) -> ExchangeAccount:
    """An account that holds shares of symbols at a price each."""
    positions = {
        symbol: (shares, shares * Decimal(price))
        for symbol, (shares, price) in (held or {}).items()
    }
    return ExchangeAccount(ACCOUNT, SESSION.open, Decimal(cash), 0, positions)
