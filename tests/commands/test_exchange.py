"""The exchange's own record, printed from its side."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from small_ledger import ACCOUNT, Says, records

from orderworks.brokers.simulated.record import ExchangeAccount, ExchangeOrder, ExchangeRecord
from orderworks.ledger.connection import Ledger
from orderworks.model.fill import Fill
from orderworks.model.order import Side
from orderworks.model.state import OrderState

AT = datetime(2026, 11, 20, 14, 35, tzinfo=UTC)


def received(number: int, name: str, state: OrderState, filled: int) -> ExchangeOrder:
    return ExchangeOrder(
        number=number,
        client_order_id=name,
        symbol="AAPL",
        side=Side.BUY,
        quantity=5,
        order_type="limit",
        limit_price=Decimal("100.10"),
        tif="day",
        received_at=AT,
        volume_at_arrival=0,
        month_shares=0,
        state=state,
        reason=None,
        filled_quantity=filled,
        filled_value=filled * Decimal("100.02"),
        executions=1 if filled else 0,
        changed_at=AT + timedelta(seconds=1),
    )


@pytest.fixture
def record(ledger_url: str) -> Iterator[ExchangeRecord]:
    """An exchange that was sent one order twice, and is being served."""
    kept = ExchangeRecord(ledger_url, ACCOUNT)
    account = kept.load_account(ExchangeAccount(ACCOUNT, AT, Decimal("1000"), 0))
    account.positions["AAPL"] = (2, Decimal("200.04"))
    fill = Fill(
        f"{ACCOUNT}.1.1",
        "ow-a",
        "AAPL",
        Side.BUY,
        2,
        Decimal("100.0200"),
        Decimal("0.35"),
        AT + timedelta(seconds=1),
    )
    orders = [
        received(1, "ow-a", OrderState.PARTIALLY_FILLED, 2),
        received(2, "ow-a", OrderState.SUBMITTED, 0),
    ]
    kept.save(account, received=orders, fills=[(1, fill)])
    yield kept
    kept.close()


def test_what_reached_the_exchange_is_shown_while_it_is_served(
    says: Says, record: ExchangeRecord
) -> None:
    first, second = records(says("exchange", "orders", "--format", "json"))
    assert (first["number"], first["client_order_id"]) == (1, "ow-a")
    assert (second["number"], second["client_order_id"]) == (2, "ow-a")
    assert (first["state"], first["quantity"], first["filled_quantity"]) == (
        "PARTIALLY_FILLED",
        5,
        2,
    )
    assert (first["avg_fill_price"], second["avg_fill_price"]) == ("100.02", None)
    assert first["received_at"] == "2026-11-20T14:35:00+00:00"

    (fill,) = records(says("exchange", "fills", "--format", "json"))
    assert fill == {
        "exec_id": "SIM1.1.1",
        "client_order_id": "ow-a",
        "symbol": "AAPL",
        "side": "buy",
        "quantity": 2,
        "price": "100.0200",
        "ts": "2026-11-20T14:35:01+00:00",
        "commission": "0.35",
    }


def test_the_table_counts(says: Says, record: ExchangeRecord) -> None:
    shown = says("exchange", "orders").stdout
    assert "2 orders of account SIM1 at the exchange: 1 PARTIALLY_FILLED, 1 SUBMITTED" in shown


def test_an_exchange_that_never_ran_has_nothing(says: Says, books: Ledger) -> None:
    assert records(says("exchange", "fills", "--format", "json")) == []
    assert says("exchange", "orders").stdout == "No orders of account SIM1 at the exchange.\n"


def test_the_account_is_the_simulated_brokers_whoever_trades(
    says: Says, record: ExchangeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERWORKS_BROKER__PROVIDER", "paper_stub")
    assert len(records(says("exchange", "fills", "--format", "json"))) == 1
