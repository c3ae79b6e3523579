"""Flattening after a kill: everything that is held is closed at the market, through a plan like any.

The orders pass no risk gate: they are a person's command, and only reduce. What is in doubt is not
closed: a symbol with an order of unknown fate could be closed twice.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.desk.locks import locks_of
from orderworks.desk.plan import fingerprint, plan_of
from orderworks.desk.policies import routing_policy, sizing_policy
from orderworks.desk.positions import with_positions
from orderworks.desk.quotes import with_quotes
from orderworks.desk.scheduling import Scheduled, schedule_routed
from orderworks.desk.targets import current_prices
from orderworks.desk.valuation import risk_context, value_account
from orderworks.ledger.accounts import booked_portfolio
from orderworks.ledger.facts import attributed_shares
from orderworks.ledger.orders import open_orders
from orderworks.ledger.runs import Plan, Run
from orderworks.model.order import OrderType
from orderworks.model.state import AT_BROKER
from orderworks.planning.bets import Sized, size
from orderworks.planning.closing import closing_trades
from orderworks.planning.risk.gate import gate
from orderworks.planning.routing import FLATTEN, route

IN_DOUBT = "IN_DOUBT"


def signals_to_flatten(desk: Desk) -> pd.DataFrame:
    """One trade for each strategy and symbol that is held, at the current price."""
    held = {s: p.quantity for s, p in booked_portfolio(desk.ledger, desk.account).positions.items()}
    own = [
        (one.strategy, one.symbol, one.holdings)
        for one in attributed_shares(desk.ledger, desk.account)
    ]
    trades = closing_trades(held, own)
    symbols = [one.symbol for one in trades]
    count = len(trades)
    return pd.DataFrame(
        {
            "row": range(1, count + 1),
            "strategy": [one.strategy for one in trades],
            "symbol": symbols,
            "direction": ["long" if one.shares > 0 else "short" for one in trades],
            "strength": [1.0] * count,
            "price": current_prices(desk, symbols) if count else pd.Series(dtype=float),
            "ts": pd.Series([desk.clock.now()] * count, dtype="datetime64[us, UTC]"),
            "quantity": [float(abs(one.shares)) for one in trades],
        }
    )


async def flattening_plan(desk: Desk, run: Run) -> tuple[Plan, Scheduled]:
    """The plan that closes what is held, but for what is in doubt; and its schedule."""
    signals = signals_to_flatten(desk)
    valuation = value_account(desk)
    sized = size(
        with_positions(desk, signals),
        equity=valuation.equity,
        cash=valuation.cash,
        policy=replace(sizing_policy(desk.settings), signal_meaning="order", protect_entries=False),
    )
    sized = _without_doubt(desk, sized)
    gated = gate(await with_quotes(desk, sized.orders), risk_context(desk, frozenset()), rules=())
    at_market = gated.accepted.assign(order_type=OrderType.MARKET.value)
    routed = route(at_market, routing_policy(desk.settings)).assign(route_rule=FLATTEN.rule)
    scheduled = schedule_routed(desk, run.run_key, routed)
    inputs = fingerprint(run.kind, run.session, signals)
    return plan_of(desk.account, inputs, signals, sized, gated, scheduled), scheduled


def _without_doubt(desk: Desk, sized: Sized) -> Sized:
    """Leaves out the symbols that are locked, or of which the broker has, or may have, an order."""
    at_broker = {
        order.symbol: f"order {order.client_order_id} is {order.state}"
        for order in open_orders(desk.ledger, desk.account).values()
        if order.reaches_broker and order.state in AT_BROKER
    }
    locks = locks_of(desk)
    doubts = [
        locks.reason(symbol) or at_broker.get(symbol) for symbol in sized.orders["symbol"].tolist()
    ]
    doubtful = np.array([doubt is not None for doubt in doubts], dtype=bool)
    left_out = sized.orders[doubtful]
    refused = pd.DataFrame(
        {
            "strategy": left_out["strategy"],
            "symbol": left_out["symbol"],
            "code": IN_DOUBT,
            "reason": [
                f"{symbol} is in doubt and not closed: {doubt}"
                for symbol, doubt in zip(sized.orders["symbol"], doubts, strict=True)
                if doubt is not None
            ],
            "saw": [{"holdings": int(shares)} for shares in left_out["holdings"]],
        }
    )
    return Sized(
        sized.orders[~doubtful].reset_index(drop=True),
        pd.concat([sized.refused, refused], ignore_index=True),
    )
