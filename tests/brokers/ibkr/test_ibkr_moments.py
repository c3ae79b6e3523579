"""An account that trades while it is looked at: what was told at several moments comes to one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from gateway.answers import Answer
from gateway.gateway import PAPER_ACCOUNT
from hypothesis import given
from hypothesis import strategies as st
from served_broker import Serving, limit

from orderworks.brokers.adapter import Snapshot
from orderworks.brokers.ibkr.moments import Moments, changes, moved_by
from orderworks.model.errors import SnapshotIncomplete
from orderworks.model.fill import Fill
from orderworks.model.order import Side
from orderworks.model.portfolio import Position

CASH = Decimal(1_000_000)
AT = datetime(2026, 11, 20, 15, tzinfo=UTC)


def fill(exec_id: str, shares: int, symbol: str = "ACME", price: str = "100") -> Fill:
    """An execution of so many shares, signed; a correction names what it replaces."""
    side = Side.BUY if shares >= 0 else Side.SELL
    shared, _, number = exec_id.rpartition(".")
    replaces = None if number == "01" else f"{shared}.01"
    money = Decimal(price), Decimal("1.00")
    return Fill(exec_id, "ow-a", symbol, side, abs(shares), *money, AT, replaces)


@dataclass
class Broker:
    """What a broker has executed, and what it makes of it."""

    fills: list[Fill] = field(default_factory=list)

    def positions(self, fills: Iterable[Fill]) -> dict[str, Position]:
        held: dict[str, Position] = {}
        for before, after in changes(fills, set()):
            assert before is None
            shares = after.side.sign * after.quantity
            held[after.symbol] = moved_by(held.get(after.symbol), after.symbol, shares, after.price)
        return {symbol: one for symbol, one in held.items() if one.quantity}

    def cash(self, fills: Iterable[Fill]) -> Decimal:
        return sum((after.cash_change for _, after in changes(fills, set())), start=CASH)


Executed = list[tuple[str, int, str, bool]]
"""Executions: symbol, signed shares, price, whether it corrects the first of its symbol that can be."""

FILLS = st.lists(
    st.tuples(
        st.sampled_from("ABC"),
        st.sampled_from((-30, -10, 10, 30)),
        st.sampled_from(("99.50", "100", "101.25")),
        st.booleans(),
    ),
    max_size=4,
)


@given(
    first=FILLS,
    looks=st.lists(st.tuples(FILLS, FILLS, FILLS, FILLS), min_size=1, max_size=4),
    late=FILLS,
)
def test_answers_of_several_moments_come_to_what_the_account_has(
    first: Executed, looks: list[tuple[Executed, ...]], late: Executed
) -> None:
    broker, moments = Broker(), Moments(PAPER_ACCOUNT)

    def execute(what: Executed) -> None:
        for symbol, shares, price, corrects in what:
            number = len(broker.fills)
            earlier = [one for one in broker.fills if one.symbol == symbol and one.replaces is None]
            corrected = {one.replaces for one in broker.fills}
            open_ones = [one for one in earlier if one.exec_id not in corrected]
            name = f"{number}.01"
            if corrects and open_ones:
                name = open_ones[0].exec_id.replace(".01", ".02")
            broker.fills.append(fill(name, shares, symbol, price))

    def known() -> frozenset[str]:
        return frozenset(one.exec_id for one in broker.fills)

    def moved(before: frozenset[str]) -> set[str]:
        return {one.symbol for one in broker.fills if one.exec_id not in before}

    execute(first)
    for answered, then, answered_cash, then_cash in looks:
        before = known()
        execute(answered)
        told = broker.positions(broker.fills)
        execute(then)
        moments.take_positions(told, before, moved(before))
        before = known()
        execute(answered_cash)
        dollars = broker.cash(broker.fills)
        execute(then_cash)
        moments.take_cash(dollars, before, moved(before))
    execute(late)
    if not (moments.has_positions and moments.has_cash):
        with pytest.raises(LookupError, match="not told yet"):
            moments.portfolio(broker.fills)
        return
    found = moments.portfolio(broker.fills)
    assert found.cash == broker.cash(broker.fills)
    truth = broker.positions(broker.fills)
    assert {s: one.quantity for s, one in found.positions.items()} == {
        s: one.quantity for s, one in truth.items()
    }


def test_a_correction_of_what_is_counted_changes_what_it_changes() -> None:
    reports = [fill("x.01", 40), fill("x.02", 30), fill("y.01", 5)]
    assert changes(reports, {"x.01", "y.01"}) == [(reports[0], reports[1])]
    assert changes(reports, {"x.01", "x.02", "y.01"}) == []


def test_what_reduces_a_position_leaves_its_average_price() -> None:
    held = Position("A", 100, Decimal(10))
    assert moved_by(held, "A", 100, Decimal(12)) == Position("A", 200, Decimal(11))
    assert moved_by(held, "A", -40, Decimal(12)) == Position("A", 60, Decimal(10))
    assert moved_by(held, "A", -140, Decimal(12)) == Position("A", -40, Decimal(12))
    assert moved_by(None, "A", -5, Decimal(12)) == Position("A", -5, Decimal(12))


# Through the gateway -----------------------------------------------------------------------------


def require_whole(snapshot: Snapshot) -> None:
    """Positions, cash and orders are what the executions come to."""
    broker, symbols = Broker(), {one.symbol for one in snapshot.executions}
    held = dict.fromkeys(symbols, 0) | {
        symbol: one.quantity for symbol, one in snapshot.portfolio.positions.items()
    }
    made = broker.positions(snapshot.executions)
    assert held == {s: made[s].quantity if s in made else 0 for s in held}
    assert abs(snapshot.portfolio.cash - broker.cash(snapshot.executions)) < Decimal("0.01")
    for order in snapshot.orders:
        own = [f for f in snapshot.executions if f.client_order_id == order.client_order_id]
        assert order.filled_quantity == sum(one.quantity for one in own)


async def test_an_account_that_fills_all_the_time_is_shown_whole(serving: Serving) -> None:
    async with serving(speed=0.0) as served, served.working(ask_seconds=30) as broker:
        symbols = {"ACME": "103", "BOLT": "51", "BRK.B": "405"}
        await broker.submit_orders(
            [
                limit(f"{s}{i}", 2_000, price, symbol=s)
                for s, price in symbols.items()
                for i in range(4)
            ]
        )
        served.gateway.clock.run(15)
        seen = []
        for _ in range(8):
            snapshot = await broker.snapshot()
            require_whole(snapshot)
            seen.append(len(snapshot.executions))
        # It was busy indeed.
        assert seen[-1] > seen[0] + 20


async def test_where_executions_never_pause_no_snapshot_is_made_up(serving: Serving) -> None:
    async with serving(speed=0.0) as served, served.working() as broker:
        await broker.submit_orders([limit("a", 900, "100.01")])
        await served.gateway.advance(2)
        book = served.gateway.brokerage.book
        session = served.gateway.session_of(1)
        assert session is not None
        tell, shares = session.tell, count(1)

        def busy(kind: Answer, *rest: Any) -> None:
            """Before each answer is at its end, an execution comes."""
            if kind is Answer.CURRENT_TIME:
                served.gateway.correct(book.executions[-1].exec_id, next(shares), "100.00")
            tell(kind, *rest)

        session.tell = busy  # type: ignore[method-assign]
        with pytest.raises(SnapshotIncomplete, match=r"each of 20 times that .* ACME were asked"):
            await broker.snapshot()
        session.tell = tell  # type: ignore[method-assign]
        snapshot = await broker.snapshot()
        assert snapshot.portfolio.positions["ACME"].quantity == sum(
            after.quantity for _, after in changes(snapshot.executions, set())
        )
