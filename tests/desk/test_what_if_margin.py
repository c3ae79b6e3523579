"""Which orders the broker is asked about before a plan, and what becomes of its answers and its silence."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from working_orders import ACCOUNT

from orderworks.brokers.adapter import MarginEffect
from orderworks.desk.desk import Desk
from orderworks.desk.margin import NOT_OURS, SILENCE, ask_margin, largest, with_funds, with_margin
from orderworks.desk.valuation import risk_context
from orderworks.model.errors import BrokerError, Disconnected
from orderworks.model.order import Order
from orderworks.planning.risk.candidates import MarginAnswer
from orderworks.settings import load_settings


@dataclass
class Telling:
    """A broker that is only asked about margin."""

    says: dict[str, Decimal] = field(default_factory=dict)
    fails: BrokerError | None = None
    asked: list[Order] = field(default_factory=list)

    async def what_if(self, orders: Sequence[Order]) -> list[MarginEffect]:
        self.asked += orders
        if self.fails is not None:
            raise self.fails
        return [
            MarginEffect(one.client_order_id, Decimal(1_000), self.says[one.symbol])
            for one in orders
            if one.symbol in self.says
        ]

    account = ACCOUNT

    async def close(self) -> None:
        """There is nothing to close."""


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {"side": "buy", "quantity": 100, "decision_price": 10.0, "reduce_only": False}
    usual |= {"bid": 9.99, "ask": 10.01}
    return pd.DataFrame([{"symbol": f"S{n}"} | usual | row for n, row in enumerate(rows)])


def asks(desk: Desk, broker: Telling, most: int = 3, **risk: str) -> None:
    """Lets the desk ask this broker of so many orders."""
    desk.broker = broker  # type: ignore[assignment]
    desk.settings = load_settings(broker={"simulated": {"what_if_orders": most}}, risk=risk)


def test_the_largest_that_open_are_asked_about_and_few() -> None:
    orders = table(
        {}, {"quantity": 900}, {"decision_price": 50.0}, {"quantity": 10**6, "reduce_only": True}
    )
    passed = np.array([0, 1, 2, 3])
    assert largest(orders, passed, 5) == [1]
    assert largest(orders, np.array([0, 2, 3]), 5) == [2]
    assert largest(orders, passed[3:], 5) == []
    assert largest(orders, passed, 0) == []
    assert largest(orders, passed[:0], 5) == []
    many = table(*({"quantity": n + 1} for n in range(21)))
    assert largest(many, np.arange(21), 5) == [20, 19, 18]
    assert largest(many, np.arange(21), 2) == [20, 19]


async def test_answers_come_to_their_rows(desk: Desk) -> None:
    broker = Telling({"S9": Decimal(600)})
    asks(desk, broker, most=2)
    orders = table(*({"quantity": n + 1} for n in range(11)))
    told = await ask_margin(desk, orders, np.arange(11))
    assert [one.symbol for one in broker.asked] == ["S10", "S9"]
    assert [one.limit_price for one in broker.asked] == [Decimal("10.01")] * 2
    assert (set(told.asked), set(told.effects), told.words) == ({10, 9}, {9}, SILENCE)
    marked = with_margin(orders, told)
    assert marked["margin_answer"].tolist() == [MarginAnswer.NOT_ASKED] * 9 + [
        MarginAnswer.TOLD,
        MarginAnswer.UNKNOWN,
    ]
    assert marked["margin_needed"].dropna().tolist() == [600.0]
    assert marked["margin_words"].iloc[10] == SILENCE
    context = with_funds(desk, risk_context(desk, frozenset()), told)
    assert context.available_funds == 1_000.0


async def test_a_sale_is_asked_about_at_the_bid(desk: Desk) -> None:
    broker = Telling()
    asks(desk, broker)
    await ask_margin(desk, table({"side": "sell"}), np.array([0]))
    assert [(one.side, one.limit_price) for one in broker.asked] == [("sell", Decimal("9.99"))]


async def test_a_broker_that_cannot_be_asked_is_silence_with_its_reason(desk: Desk) -> None:
    asks(desk, Telling(fails=Disconnected("the line broke")))
    told = await ask_margin(desk, table({}), np.array([0]))
    assert (told.asked, told.effects, told.words) == ([0], {}, "the line broke")


async def test_only_who_works_the_account_asks(desk: Desk) -> None:
    broker, lease = Telling({"S0": Decimal(1)}), desk.lease
    asks(desk, broker)
    desk.lease = None
    told = await ask_margin(desk, table({}), np.array([0]))
    desk.lease = lease
    assert (told.words, broker.asked) == (NOT_OURS, [])


async def test_nothing_is_asked_where_nothing_is_to_be(desk: Desk) -> None:
    broker = Telling()
    asks(desk, broker, most=0)
    assert (await ask_margin(desk, table({}), np.array([0]))).asked == ()
    assert broker.asked == []


@pytest.mark.parametrize(
    ("policy", "provider", "paper", "refuses"),
    [
        ("refuse_live", "ibkr", False, True),
        ("refuse_live", "ibkr", True, False),
        ("refuse_live", "simulated", True, False),
        ("refuse", "ibkr", True, True),
        ("pass", "ibkr", False, False),
    ],
)
async def test_silence_is_refused_as_the_settings_say(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    policy: str,
    provider: str,
    paper: bool,
    refuses: bool,
) -> None:
    monkeypatch.setenv("ORDERWORKS_ALLOW_LIVE", "yes")
    asks(desk, Telling())
    told = await ask_margin(desk, table({}), np.array([0]))
    context = risk_context(desk, frozenset())
    desk.settings = load_settings(
        broker={"provider": provider, "paper_trading": paper}, risk={"unknown_margin": policy}
    )
    assert with_funds(desk, context, told).refuses_unknown_margin == refuses
