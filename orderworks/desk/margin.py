"""What the broker says that orders would do to the margin, asked before they are planned.

It is asked of the largest of those that pass every other rule and open a position, by what they are worth:
brokers count such questions, so there are few. What is not told is as the settings say: in live trading it
is refused, so that nothing is sent on silence.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pandas as pd

from orderworks.brokers.adapter import MarginEffect
from orderworks.desk.desk import Desk
from orderworks.model.errors import BrokerError
from orderworks.model.order import Order, OrderType, Side
from orderworks.planning.pricing import PriceRule, exact_prices, limit_prices
from orderworks.planning.risk.candidates import MarginAnswer
from orderworks.planning.risk.columns import IntColumn
from orderworks.planning.risk.context import RiskContext

log = logging.getLogger(__name__)

ORDERS_A_QUESTION = 10
"""At IBKR there is to be no more than one question in so many orders."""
NOT_OURS = "another process works the account, and only that one can ask"
SILENCE = "it gave no answer in time, or may not be asked so soon again"
NAME = "what-if-{}"


@dataclass(frozen=True, slots=True)
class Told:
    """The answers by the order's place in the table; ``words`` is why others have none."""

    asked: Sequence[int]
    effects: dict[int, MarginEffect]
    words: str


async def ask_margin(desk: Desk, orders: pd.DataFrame, passed: IntColumn) -> Told:
    """What the largest of the orders that have ``passed`` the gate, by place, would do to the margin.

    Args:
        orders: with the quotes that the gate saw.
    """
    places = largest(orders, passed, desk.settings.broker.what_if_orders)
    if not places:
        return Told((), {}, "")
    if desk.lease is None:
        return Told(places, {}, NOT_OURS)
    try:
        told = await desk.broker.what_if(_questions(desk, orders, places))
    except BrokerError as error:
        log.warning("margin is not known: %s", error)
        return Told(places, {}, str(error))
    by_name = {one.client_order_id: one for one in told}
    effects = {place: by_name[name] for place in places if (name := NAME.format(place)) in by_name}
    log.info("margin asked of %d orders, told of %d", len(places), len(effects))
    return Told(places, effects, SILENCE)


def largest(orders: pd.DataFrame, passed: IntColumn, most: int) -> list[int]:
    """Of the orders at the places ``passed`` those to ask about, the largest by worth first.

    None that only reduces a position.
    """
    count = min(most, math.ceil(len(passed) / ORDERS_A_QUESTION))
    if not count:
        return []
    among = orders.iloc[passed]
    opens = ~among["reduce_only"].to_numpy(np.bool_)
    worth = (among["quantity"] * among["decision_price"]).to_numpy(np.float64)
    ranked = np.argsort(np.where(opens, -worth, np.inf), kind="stable")
    return [int(passed[place]) for place in ranked[:count] if opens[place]]


def with_margin(orders: pd.DataFrame, told: Told) -> pd.DataFrame:
    """The orders with what was told of each, as the gate's rule reads it and the decision records it."""
    answers = np.full(len(orders), MarginAnswer.NOT_ASKED, dtype=np.int64)
    needed, words = np.full(len(orders), np.nan), np.full(len(orders), "", dtype=object)
    available, maintenance, commission = needed.copy(), needed.copy(), needed.copy()
    for place in told.asked:
        effect = told.effects.get(place)
        if effect is None:
            answers[place], words[place] = MarginAnswer.UNKNOWN, told.words
        elif effect.refusal:
            answers[place], words[place] = MarginAnswer.REFUSED, effect.refusal
        else:
            answers[place], words[place] = MarginAnswer.TOLD, effect.warning
            needed[place], available[place] = float(effect.needed), float(effect.available)
            maintenance[place] = float(effect.maintenance_change)
            commission[place] = math.nan if effect.commission is None else float(effect.commission)
    return orders.assign(
        margin_answer=answers,
        margin_needed=needed,
        margin_available=available,
        margin_maintenance=maintenance,
        margin_commission=commission,
        margin_words=words,
    )


def with_funds(desk: Desk, context: RiskContext, told: Told) -> RiskContext:
    """What the gate compares the answers with: the least that the broker has named as available."""
    policy = desk.settings.risk.unknown_margin
    live = not desk.settings.broker.paper_trading and desk.settings.broker.provider == "ibkr"
    available = [one.available for one in told.effects.values() if not one.refusal]
    return replace(
        context,
        available_funds=float(min(available, default=Decimal(0))),
        refuses_unknown_margin=policy == "refuse" or (policy == "refuse_live" and live),
    )


def _questions(desk: Desk, orders: pd.DataFrame, places: Sequence[int]) -> list[Order]:
    """Each order at the far touch: what it would cost if it filled now."""
    asked = orders.iloc[list(places)]
    sign = np.where(asked["side"].to_numpy() == Side.BUY, 1, -1)
    limits = limit_prices(
        np.full(len(asked), PriceRule.FAR_TOUCH, dtype=object),
        sign,
        asked["bid"].to_numpy(np.float64),
        asked["ask"].to_numpy(np.float64),
        offset_pct=0.0,
        collar_pct=0.0,
    )
    return [
        Order(
            NAME.format(place), desk.account, symbol, Side(side), quantity, OrderType.LIMIT, limit
        )
        for place, symbol, side, quantity, limit in zip(
            places,
            asked["symbol"].tolist(),
            asked["side"].tolist(),
            asked["quantity"].tolist(),
            exact_prices(limits),
            strict=True,
        )
    ]
