"""What closes and what protects: together no more than is held, whoever holds it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from working_orders import at, order

from orderworks.desk.protection import (
    NOTHING_LEFT,
    Protected,
    Room,
    room_to_make,
    within_position,
)
from orderworks.desk.releasing import Agenda, Due
from orderworks.desk.stakes import Holdings
from orderworks.ledger.orders import OrderRecord
from orderworks.model.order import Side
from orderworks.model.state import AT_BROKER, OrderState

S = OrderState


def covered(entry: OrderRecord, exits: tuple[OrderRecord, ...]) -> Protected:
    """An entry with its exits, where no split has changed their shares."""
    closed = sum(one.filled_quantity for one in exits)
    return Protected(entry, exits, entry.filled_quantity - closed)


def entry_of(name: str, filled: int, *exits: int, **changes: Any) -> Protected:
    """An entry of 100 to buy, and live exits of so many shares."""
    entry = order(name, 100, algo="none", filled_quantity=filled, state=S.FILLED)
    entry = replace(entry, **changes)
    side = Side(entry.side).opposite.value
    return covered(
        entry,
        tuple(
            replace(
                order(f"{name}.{place}", quantity, algo="none", state=S.SUBMITTED),
                strategy=entry.strategy,
                symbol=entry.symbol,
                side=side,
                attached_to=name,
            )
            for place, quantity in enumerate(exits)
        ),
    )


def closer(name: str, quantity: int, **changes: Any) -> OrderRecord:
    """An order that sells to reduce a position."""
    usual = {"algo": "none", "side": "sell", "reduce_only": True}
    return order(name, quantity, **usual | changes)


def held(account: int, **own: int) -> Holdings:
    """Shares of AAPL."""
    return Holdings({"AAPL": account}, {"AAPL": own})


def new_terms(room: Room) -> dict[str, int]:
    """By name, what exits become; 0 where they are cancelled."""
    assert len({*room.cancel}) == len(room.cancel)
    terms = {one.client_order_id: one.quantity for one in room.replace}
    assert len(terms) == len(room.replace)
    assert not terms.keys() & {*room.cancel}
    return terms | dict.fromkeys(room.cancel, 0)


def released(
    due: Sequence[OrderRecord],
    protected: Sequence[Protected],
    holdings: Holdings,
    orders: Sequence[OrderRecord] = (),
) -> tuple[dict[str, int], list[str]]:
    """What is due with its quantity, and the names of what is not any more."""
    asked = Agenda([Due(one, one.remaining) for one in due], [])
    found = within_position(asked, orders, protected, holdings)
    assert {reason for _, reason in found.idle} <= {NOTHING_LEFT}
    return (
        {one.order.client_order_id: one.quantity for one in found.due},
        [one.client_order_id for one, _ in found.idle],
    )


# One thing at a time ----------------------------------------------------------------------------


def test_exits_give_way_by_what_is_closed_and_the_oldest_entry_first() -> None:
    protected = [
        entry_of("new", 100, 100, 100, due_at=at(60)),
        entry_of("old", 100, 100, 100, due_at=at(0)),
    ]
    holdings = held(200, momentum=200)
    assert new_terms(room_to_make([closer("c", 30)], protected, holdings)) == {
        "old.0": 70,
        "old.1": 70,
    }
    assert new_terms(room_to_make([closer("c", 130)], protected, holdings)) == {
        "old.0": 0,
        "old.1": 0,
        "new.0": 70,
        "new.1": 70,
    }


def test_an_exit_that_has_filled_in_part_is_told_its_whole_quantity() -> None:
    one = entry_of("p", 100, 100, 100)
    one.exits[0].filled_quantity, one.exits[0].state = 30, S.PARTIALLY_FILLED
    room = room_to_make([closer("c", 20)], [one], held(70, momentum=70))
    assert new_terms(room) == {"p.0": 30 + 50, "p.1": 50}


def test_nothing_gives_way_where_there_is_room() -> None:
    one = entry_of("p", 40, 100)
    assert not room_to_make([], [one], held(40, momentum=40))
    assert not room_to_make([closer("c", 30)], [one], held(70, momentum=70))
    assert not room_to_make([closer("c", 30, symbol="MSFT")], [one], held(40, momentum=40))
    assert not room_to_make([closer("c", 30, side="buy")], [one], held(40, momentum=40))


def test_other_strategies_keep_their_exits_and_a_rebalance_takes_of_all() -> None:
    protected = [
        entry_of("a", 100, 100, strategy="a"),
        entry_of("b", 100, 100, strategy="b", due_at=at(1)),
    ]
    holdings = held(200, a=100, b=100)
    of_b = room_to_make([closer("c", 100, strategy="b")], protected, holdings)
    assert new_terms(of_b) == {"b.0": 0}
    of_all = room_to_make([closer("c", 150, strategy="weights")], protected, holdings)
    assert new_terms(of_all) == {"a.0": 0, "b.0": 50}


def test_what_opens_beside_another_strategy_takes_nothing_of_its_exits() -> None:
    short = order("s", 50, algo="none", side="sell", strategy="b")
    assert not room_to_make([short], [entry_of("a", 100, 100, strategy="a")], held(100, a=100))


def test_what_turns_a_position_round_ends_its_exits() -> None:
    turn = order("t", 150, algo="none", side="sell")
    room = room_to_make([turn], [entry_of("p", 100, 100, 100)], held(100, momentum=100))
    assert new_terms(room) == {"p.0": 0, "p.1": 0}


def test_a_strategy_and_a_rebalance_that_close_at_once_count_each_other() -> None:
    closing = [closer("c", 60, strategy="a"), closer("w", 30, strategy="weights")]
    protected = [entry_of("p", 100, 100, 100, strategy="a")]
    holdings = held(100, a=100)
    for orders in (closing, closing[::-1]):
        assert new_terms(room_to_make(orders, protected, holdings)) == {"p.0": 10, "p.1": 10}
    sent, _ = released(closing, [], holdings, [closer("r", 40, strategy="a", state=S.SUBMITTED)])
    assert sent == {"c": 60}
    sent, idle = released(closing[::-1], [], held(80, a=80))
    assert (sent, idle) == ({"w": 30, "c": 50}, [])


def test_what_no_strategy_accounts_for_can_be_closed_by_one_that_holds_some() -> None:
    """As the first signal of a symbol is netted against it."""
    holdings = held(150, a=50)
    everything = closer("c", 150, strategy="a")
    assert released([everything], [], holdings) == ({"c": 150}, [])
    one = entry_of("p", 50, 50, strategy="a")
    assert not room_to_make([closer("c", 75, strategy="a")], [one], holdings)
    assert new_terms(room_to_make([closer("c", 120, strategy="a")], [one], holdings)) == {"p.0": 30}
    both = [everything, closer("d", 60, strategy="b")]
    assert released(both, [], held(150, a=50, b=50)) == ({"c": 100, "d": 50}, [])


def test_what_a_strategy_is_short_of_takes_nothing_from_another() -> None:
    assert released([closer("c", 100, strategy="a")], [], held(70, a=100, b=-30)) == (
        {"c": 100},
        [],
    )


@pytest.mark.parametrize("state", sorted(AT_BROKER))
def test_what_may_still_close_is_not_closed_again(state: OrderState) -> None:
    resting = [closer("r", 30, state=state)]
    one = entry_of("p", 100, 20, 20)
    assert released([closer("c", 100)], [one], held(100, momentum=100), resting) == ({"c": 50}, [])


def test_where_nothing_is_left_to_close_nothing_is_sent() -> None:
    orders = [closer("c", 10), order("q", 10)]
    assert released(orders, [], held(0)) == ({"q": 10}, ["c"])
    assert released(orders, [], held(-5, momentum=-5)) == ({"q": 10}, ["c"])


def late(*exits: OrderRecord) -> list[OrderRecord]:
    """Exits that did not leave with their entry."""
    return [replace(one, state=S.NEW) for one in exits]


def test_exits_that_go_out_late_protect_what_closing_orders_leave() -> None:
    one = entry_of("p", 80, 100, 100)
    waiting = covered(one.entry, tuple(late(*one.exits)))
    exits = list(waiting.exits)
    holdings = held(80, momentum=80)
    assert released(exits, [waiting], holdings) == ({"p.0": 100, "p.1": 100}, [])
    assert released([*exits, closer("c", 50)], [waiting], holdings) == (
        {"p.0": 30, "p.1": 30, "c": 50},
        [],
    )
    assert released([*exits, closer("c", 80)], [waiting], holdings) == (
        {"c": 80},
        ["p.0", "p.1"],
    )
    # Nothing closes it now: it has been closed.
    assert released(exits, [waiting], held(0)) == ({}, ["p.0", "p.1"])


def test_an_exit_that_goes_out_late_covers_what_the_other_does() -> None:
    one = entry_of("p", 80, 25, 100)
    half_sent = covered(one.entry, (one.exits[0], *late(one.exits[1])))
    sent, _ = released([half_sent.exits[1]], [half_sent], held(80, momentum=80))
    assert sent == {"p.1": 25}


def test_exits_that_go_out_with_their_entry_are_as_large() -> None:
    one = entry_of("p", 0, 100, 100, state=S.NEW)
    waiting = covered(one.entry, tuple(late(*one.exits)))
    everything = [waiting.entry, *waiting.exits, closer("c", 10)]
    assert released(everything, [waiting], held(10, momentum=10)) == (
        {"p": 100, "p.0": 100, "p.1": 100, "c": 10},
        [],
    )


# Whatever is held -------------------------------------------------------------------------------

STRATEGIES = ("a", "b", "weights")
SHARES = st.integers(0, 60)
ENTRIES = st.lists(
    st.tuples(
        st.sampled_from(STRATEGIES[:2]),
        st.integers(1, 60),
        st.lists(st.tuples(SHARES, SHARES), min_size=1, max_size=2),
        st.sampled_from([S.SUBMITTED, S.UNKNOWN, S.CANCELLED]),
        st.integers(0, 3),
    ),
    max_size=4,
)
"""Strategy, what is filled, what each exit has filled and has left, its state, when it was due."""
CLOSERS = st.lists(
    st.tuples(
        st.sampled_from(STRATEGIES), st.integers(1, 80), st.sampled_from([S.NEW, S.SUBMITTED])
    ),
    max_size=4,
)
UNATTRIBUTED = st.sampled_from([0, 0, 25])


def entered(entries: list[Any], long: bool) -> list[Protected]:
    """Entries, and their exits, one of which has closed some of what they filled."""
    protected = []
    for number, (strategy, filled, exits, state, due) in enumerate(entries):
        one = entry_of(
            f"e{number}",
            filled,
            *(1 + done + left for done, left in exits),
            strategy=strategy,
            side="buy" if long else "sell",
            due_at=at(due),
        )
        left = filled
        for exit_order, (done, _) in zip(one.exits, exits, strict=True):
            exit_order.filled_quantity = min(done, left)
            left -= exit_order.filled_quantity
            exit_order.state = state
        protected.append(covered(one.entry, one.exits))
    return protected


def holdings_of(protected: list[Protected], unattributed: int, long: bool) -> Holdings:
    sign = 1 if long else -1
    own = Counter[str]()
    for one in protected:
        own[one.entry.strategy] += one.unclosed
    signed = {strategy: sign * shares for strategy, shares in own.items()}
    return Holdings({"AAPL": sign * (own.total() + unattributed)}, {"AAPL": signed})


def after(room: Room, protected: list[Protected]) -> list[Protected]:
    """The exits as the broker confirms them."""
    terms = new_terms(room)

    def confirmed(one: OrderRecord) -> OrderRecord:
        quantity = terms.get(one.client_order_id, one.quantity)
        return replace(one, quantity=quantity) if quantity else replace(one, state=S.CANCELLED)

    return [covered(one.entry, tuple(map(confirmed, one.exits))) for one in protected]


def covering(protected: list[Protected]) -> Counter[str]:
    found = Counter[str]()
    for one in protected:
        found[one.entry.strategy] += one.shares
    return found


@given(ENTRIES, CLOSERS, UNATTRIBUTED, st.booleans())
def test_no_more_is_closed_and_protected_together_than_is_held(
    entries: list[Any], closing: list[Any], unattributed: int, long: bool
) -> None:
    protected = entered(entries, long)
    holdings = holdings_of(protected, unattributed, long)
    side = "sell" if long else "buy"
    own = {strategy: abs(shares) for strategy, shares in holdings.own["AAPL"].items()}
    account = abs(holdings.account["AAPL"])
    orders = [
        closer(f"c{number}", quantity, strategy=strategy, state=state, side=side)
        for number, (strategy, quantity, state) in enumerate(closing)
    ]
    closed = Counter[str]()
    for one in orders:
        closed[one.strategy] += one.remaining

    room = room_to_make(orders, protected, holdings)
    smaller = after(room, protected)
    assert not room_to_make(orders, smaller, holdings)
    for one, was in zip(smaller, protected, strict=True):
        assert one.shares <= was.shares
    protects = covering(smaller)
    for strategy in closed:
        most = own.get(strategy, 0) + unattributed
        assert protects[strategy] <= max(0, most - closed[strategy])
    if any(not own.get(strategy) for strategy in closed):
        assert protects.total() <= max(0, account - closed.total())
    # What is not closed stays protected.
    for strategy in own.keys() - closed.keys():
        if all(own.get(other) for other in closed):
            assert protects[strategy] == covering(protected)[strategy]

    resting = [one for one in orders if one.state is S.SUBMITTED]
    due = [one for one in orders if one.state is S.NEW]
    sent, idle = released(due, smaller, holdings, resting)
    assert sent.keys() | {*idle} == {one.client_order_id for one in due}
    for one in due:
        assert sent.get(one.client_order_id, 0) <= one.remaining
    at_rest = Counter[str]()
    for one in resting:
        at_rest[one.strategy] += one.remaining
    goes = Counter[str]()
    for one in due:
        goes[one.strategy] += sent.get(one.client_order_id, 0)
    together = protects.total() + at_rest.total() + goes.total()
    assert together <= max(account, protects.total() + at_rest.total())
    for strategy, shares in goes.items():
        if own.get(strategy):
            before = protects[strategy] + at_rest[strategy]
            assert shares <= max(0, own[strategy] + unattributed - before)
