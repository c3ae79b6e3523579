"""A snapshot from messages: each permId an order, whole or not at all."""

from decimal import Decimal

import pytest
from gateway.gateway import PAPER_ACCOUNT
from ib_async import AccountValue, Option, Position, Stock
from wire_messages import (
    ACME,
    AT,
    PERM_ID,
    completed,
    error,
    execution,
    open_order,
    status,
    talk_about_one_order,
)

from orderworks.brokers.ibkr.snapshot import Gathering, broker_orders, cash, holdings
from orderworks.brokers.ibkr.wire import Message
from orderworks.model.errors import SnapshotIncomplete


def gathered(*messages: Message) -> Gathering:
    made = Gathering(PAPER_ACCOUNT)
    for message in messages:
        made.hear(message)
    return made


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        ([open_order(), status("Submitted")], ("ow-a", "SUBMITTED", 0, 100)),
        ([open_order("PendingSubmit")], ("ow-a", "SUBMITTED", 0, 100)),
        ([open_order(), status("Submitted", 40)], ("ow-a", "PARTIALLY_FILLED", 40, 100)),
        ([open_order(), execution("x.01", 40)], ("ow-a", "PARTIALLY_FILLED", 40, 100)),
        (
            [open_order(), execution("x.01", 40), execution("x.02", 30)],
            ("ow-a", "PARTIALLY_FILLED", 30, 100),
        ),
        ([open_order(), status("PendingCancel")], ("ow-a", "SUBMITTED", 0, 100)),
        ([open_order("Inactive")], ("ow-a", "UNKNOWN", 0, 100)),
        (
            [open_order("Inactive"), status("Inactive", why_held="locate")],
            ("ow-a", "SUBMITTED", 0, 100),
        ),
        ([completed("Filled", filledQuantity=100.0)], ("ow-a", "FILLED", 100, 100)),
        (
            [completed("Cancelled", "Cancelled by Trader", filledQuantity=40.0)],
            ("ow-a", "CANCELLED", 40, 100),
        ),
        ([completed("Cancelled", "Rejected by System")], ("ow-a", "REJECTED", 0, 100)),
        ([completed("Inactive")], ("ow-a", "REJECTED", 0, 100)),
        # Between the two questions it ended.
        ([open_order(), completed("Cancelled")], ("ow-a", "CANCELLED", 0, 100)),
        # The broker forgets how large what has ended was.
        (
            [completed("Cancelled", totalQuantity=0.0, filledQuantity=40.0)],
            ("ow-a", "CANCELLED", 40, 100),
        ),
        # Without its name it is known by its permId.
        ([open_order(orderRef=""), execution("x.01", 1)], ("ow-a", "PARTIALLY_FILLED", 1, 100)),
        ([open_order(orderRef="")], ("", "SUBMITTED", 0, 100)),
    ],
)
def test_an_order_as_the_broker_has_it(
    messages: list[Message], found: tuple[str, str, int, int]
) -> None:
    [one] = broker_orders(gathered(*messages), {}, {"ow-a": 100}, AT)
    assert (one.client_order_id, one.state.value, one.filled_quantity, one.quantity) == found
    assert (one.symbol, one.side, one.broker_order_id) == ("ACME", "buy", str(PERM_ID))
    assert one.limit_price == Decimal("99.5")


def test_two_perm_ids_of_one_name_are_two_orders() -> None:
    both = gathered(open_order(), open_order(perm_id=PERM_ID + 1))
    assert [one.client_order_id for one in broker_orders(both, {}, {}, AT)] == ["ow-a", "ow-a"]


def test_what_was_said_of_a_rejection_before_counts() -> None:
    talk = talk_about_one_order()
    talk.hear(error(201), AT)
    [one] = broker_orders(gathered(open_order("Inactive")), talk.threads, {}, AT)
    assert one.state.value == "REJECTED"


def test_more_counted_than_shown_is_lacking_of_what_ends_today() -> None:
    for changes, lacks in (({}, ["ow-a"]), ({"tif": "GTC"}, [])):
        looked = gathered(completed("Filled", filledQuantity=100.0, **changes))
        assert looked.lacking_executions() == lacks
        looked.hear(execution("x.01", 100))
        looked.hear(execution("x.02", 90))
        assert looked.lacking_executions() == []
    resting = gathered(open_order(), status("Submitted", 40))
    assert resting.lacking_executions() == ["ow-a"]
    resting.hear(execution("x.01", 40))
    assert resting.lacking_executions() == []


def test_an_order_on_its_way_makes_a_snapshot_incomplete() -> None:
    with pytest.raises(SnapshotIncomplete, match="has not acknowledged ow-a yet"):
        broker_orders(gathered(open_order(perm_id=0)), {}, {}, AT)


def test_orders_of_other_accounts_are_not_ours() -> None:
    theirs = gathered(
        open_order(account="DU9"),
        completed("Filled", account="DU9"),
        execution("x.01", 5, account="DU9"),
    )
    assert broker_orders(theirs, {}, {}, AT) == ()
    assert theirs.executions == {}


def test_the_symbols_of_what_came_since_are_known() -> None:
    looked = gathered(open_order(), execution("x.01", 40))
    before = frozenset(looked.executions)
    looked.hear(execution("x.01", 40))
    assert looked.moved_since(before) == set()
    looked.hear(execution("x.02", 30))
    assert looked.moved_since(before) == {"ACME"}


def value(tag: str, said: str, currency: str = "USD", account: str = PAPER_ACCOUNT) -> AccountValue:
    return AccountValue(account, tag, said, currency, "")


def test_cash_is_the_dollars_of_the_account() -> None:
    values = [
        value("TotalCashValue", "3"),
        value("CashBalance", "1.50"),
        value("CashBalance", "7", "EUR"),
        value("CashBalance", "9", account="DU9"),
    ]
    assert cash(PAPER_ACCOUNT, values) == Decimal("1.50")
    assert cash(PAPER_ACCOUNT, values[:1]) == 3
    for nothing in ([], [value("CashBalance", "none")], values[2:]):
        with pytest.raises(SnapshotIncomplete, match="US dollars"):
            cash(PAPER_ACCOUNT, nothing)


def test_a_portfolio_is_the_shares_of_the_account() -> None:
    positions = [
        Position(PAPER_ACCOUNT, Stock("BRK B", "SMART", "USD"), -5.0, 400.25),
        Position(PAPER_ACCOUNT, ACME, 0.0, 0.0),
        Position(PAPER_ACCOUNT, Option("ACME", "20261218", 100, "C", "SMART"), 1.0, 2.0),
        Position("DU9", ACME, 7.0, 1.0),
        Position(PAPER_ACCOUNT, Stock("BRK B", "MEXI", "MXN"), 3.0, 1.0),
    ]
    held = holdings(PAPER_ACCOUNT, positions)
    assert {s: (p.quantity, p.share_cost) for s, p in held.items()} == {
        "BRK.B": (-5, Decimal("400.25"))
    }
    with pytest.raises(ValueError, match=r"the position in ACME of 0\.5 shares is not whole"):
        holdings(PAPER_ACCOUNT, [Position(PAPER_ACCOUNT, ACME, 0.5, 1.0)])
