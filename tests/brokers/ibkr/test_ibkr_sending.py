"""Which number an order is sent under, what late exits become, how fast messages leave: pure kernels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from served_broker import limit
from working_orders import order as record

from orderworks.brokers.ibkr.chase import TRIES, Chase
from orderworks.brokers.ibkr.late_exits import NO_ENTRY, NOTHING_TO_PROTECT, place_late_exits
from orderworks.brokers.ibkr.order_ids import number_orders
from orderworks.ledger.accounts import open_account
from orderworks.ledger.broker_numbers import (
    highest_number,
    latest_numbers,
    numbers_from,
    record_numbers,
)
from orderworks.ledger.connection import Ledger
from orderworks.model.errors import BrokerError
from orderworks.model.order import Side
from orderworks.model.state import OrderState

NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1)


@given(
    used=st.dictionaries(st.integers(1, 30), st.sampled_from("abcdefgh")),
    names=NAMES,
    more=st.integers(0, 5),
    burnt=st.sets(st.integers(1, 30)),
)
def test_no_number_is_taken_for_another_orders(
    used: dict[int, str], names: list[str], more: int, burnt: set[int]
) -> None:
    latest = {
        name: max(number for number, other in used.items() if other == name)
        for name in names
        if name in used.values()
    }
    free = max(used, default=0) + 1 + more
    above = [number for number in used if number >= min(latest.values(), default=free)]
    numbers = number_orders(names, latest, above, free, burnt)
    assert list(numbers.by_name) == names
    # The broker refuses one that is lower than any before it.
    assert list(numbers.by_name.values()) == sorted(set(numbers.by_name.values()))
    for name, number in numbers.by_name.items():
        assert number not in burnt or number >= free
        if name in numbers.fresh:
            assert number >= free
        else:
            # Its own, and whatever was sent under a higher one is sent again as well.
            assert used[number] == name
            assert all(used[higher] in names for higher in above if higher > number)


def test_the_last_ones_sent_keep_their_numbers() -> None:
    numbers = number_orders(["b", "c"], {"b": 2, "c": 3}, [2, 3], 9)
    assert (numbers.by_name, numbers.fresh) == ({"b": 2, "c": 3}, {})
    numbers = number_orders(["b"], {"b": 2}, [2, 3], 9)
    assert numbers.by_name == numbers.fresh == {"b": 9}


def test_none_keeps_its_number_behind_one_that_does_not() -> None:
    numbers = number_orders(["a", "c"], {"a": 1, "c": 3}, [1, 2, 3], 9)
    assert numbers.by_name == {"a": 9, "c": 10}
    numbers = number_orders(["c", "a"], {"a": 1, "c": 3}, [1, 2, 3], 9)
    assert numbers.by_name == {"c": 3, "a": 9}


def test_numbers_are_kept_by_account_and_client(ledger: Ledger) -> None:
    open_account(ledger, "DU1", "paper", "ibkr")
    assert highest_number(ledger, "DU1", 1) == 0
    record_numbers(ledger, "DU1", 1, {"ow-a": 5, "ow-b": 6})
    record_numbers(ledger, "DU1", 1, {"ow-a": 9})
    record_numbers(ledger, "DU1", 2, {"ow-c": 5})
    assert highest_number(ledger, "DU1", 1) == 9
    assert latest_numbers(ledger, "DU1", 1, ["ow-a", "ow-b", "ow-c"]) == {"ow-a": 9, "ow-b": 6}
    assert sorted(numbers_from(ledger, "DU1", 1, 6)) == [6, 9]


def test_a_number_is_used_by_one_process(ledger: Ledger) -> None:
    open_account(ledger, "DU1", "paper", "ibkr")
    record_numbers(ledger, "DU1", 1, {"ow-a": 5})
    with pytest.raises(BrokerError, match="another process has sent orders of account DU1"):
        record_numbers(ledger, "DU1", 1, {"ow-b": 4, "ow-c": 5})
    assert numbers_from(ledger, "DU1", 1, 1) == [5]


# Late exits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "filled", "number", "quantity", "parent", "refused"),
    [
        (OrderState.SUBMITTED, 0, 5, 100, 5, None),
        (OrderState.PARTIALLY_FILLED, 40, 5, 100, 5, None),
        (OrderState.UNKNOWN, 0, 5, 100, 5, None),
        (OrderState.SUBMITTED, 0, None, 0, 0, NO_ENTRY),
        (OrderState.FILLED, 100, 5, 100, 0, None),
        (OrderState.FILLED, 100, None, 100, 0, None),
        (OrderState.CANCELLED, 40, 5, 40, 0, None),
        (OrderState.CANCELLED, 0, 5, 0, 0, NOTHING_TO_PROTECT),
    ],
)
def test_an_exit_that_goes_out_late_cannot_turn_the_position(
    state: OrderState,
    filled: int,
    number: int | None,
    quantity: int,
    parent: int,
    refused: str | None,
) -> None:
    late = limit("s", 100, "98", side=Side.SELL, attached_to="ow-e")
    entry = record("entry", 100, client_order_id="ow-e", state=state, filled_quantity=filled)
    numbers = {} if number is None else {"ow-e": number}
    placed = place_late_exits([late], {"ow-e": entry}, numbers)
    assert [one.quantity for one in placed.orders] == ([quantity] if quantity else [])
    assert placed.entries.get("ow-e", 0) == parent
    assert placed.shrunk == ({"ow-s"} if 0 < quantity < 100 else set())
    assert placed.refused == ({} if refused is None else {"ow-s": refused})


def test_an_exit_beside_its_entry_is_left_as_it_is() -> None:
    orders = [limit("e", 100, "99"), limit("s", 100, "98", side=Side.SELL, attached_to="ow-e")]
    assert place_late_exits(orders, {}, {}).orders == orders


# Waiting -----------------------------------------------------------------------------------------


def test_what_is_lacking_is_asked_for_a_few_times() -> None:
    chase = Chase(2)
    asked = [now for now in range(30) if chase.is_due(True, now)]
    assert asked == [2 * (n + 1) for n in range(TRIES)]
    assert chase.is_over
    assert not chase.is_due(False, 31)
    assert not chase.is_over
    assert not chase.is_due(True, 32)
    assert chase.is_due(True, 34)
