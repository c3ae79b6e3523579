"""The reading commands against a real ledger: what they print is what the database holds."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from receivers import Receiver
from small_ledger import (
    ACCOUNT,
    END,
    RUN_KEY,
    START,
    Says,
    column,
    name_of,
    names,
    records,
)

from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease
from orderworks.ledger.movements import add_orders
from orderworks.ledger.orders import orders_by_id

ORDER_FIELDS = [
    *("client_order_id", "parent_id", "run_key", "account", "strategy", "symbol", "side"),
    *("quantity", "filled_quantity", "avg_fill_price", "state", "order_type", "limit_price"),
    *("stop_price", "tif", "algo", "due_at", "route_rule", "reason"),
]
FILL_FIELDS = [
    "exec_id",
    "client_order_id",
    "symbol",
    "side",
    "quantity",
    "price",
    "ts",
    "commission",
]


def test_orders_are_the_ledgers_exactly(says: Says, books: Ledger) -> None:
    found = {
        record["client_order_id"]: record for record in records(says("orders", "--format", "json"))
    }
    kept = {row["client_order_id"]: row for row in books.execute("SELECT * FROM orders")}
    assert found.keys() == kept.keys()
    for name, record in found.items():
        row = kept[name]
        assert list(record) == ORDER_FIELDS
        assert record["run_key"] == RUN_KEY
        assert datetime.fromisoformat(record["due_at"]) == row["due_at"]
        for money in ("limit_price", "stop_price"):
            assert record[money] == (None if row[money] is None else f"{row[money]:f}")
        if row["filled_quantity"]:
            average = Decimal(record["avg_fill_price"]) * row["filled_quantity"]
            assert average == pytest.approx(row["filled_notional"], abs=Decimal("1e-12"))
        else:
            assert record["avg_fill_price"] is None
        carried = set(ORDER_FIELDS) - {
            *("run_key", "due_at", "limit_price", "stop_price", "avg_fill_price")
        }
        assert {name: record[name] for name in carried} == {name: row[name] for name in carried}


def test_times_have_microseconds_only_where_there_are_any(says: Says, books: Ledger) -> None:
    found = records(says("orders", "--symbol", "AAPL", "--children", "--format", "json"))
    assert names(found, "due_at") == [
        "2026-11-20T14:35:00+00:00",
        "2026-11-20T14:36:00.000001+00:00",
    ]


def test_a_parent_stands_before_its_children(says: Says, books: Ledger) -> None:
    assert names(records(says("orders", "--format", "json"))) == [
        name_of("AAPL", "buy", "parent"),
        name_of("AAPL", "buy", "c0"),
        name_of("AAPL", "buy", "c1"),
        name_of("MSFT", "sell", "parent"),
    ]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["--symbol", "MSFT"], {("MSFT", "parent")}),
        (["--symbol", "MSF"], set()),
        (["--state", "NEW"], {("AAPL", "c1")}),
        (["--state", "new"], {("AAPL", "c1")}),
        (["--state", "NEW", "--state", "REJECTED"], {("AAPL", "c1"), ("MSFT", "parent")}),
        (["--state", "NEW", "--state", "REJECTED", "--children"], {("AAPL", "c1")}),
        (["--parents"], {("AAPL", "parent"), ("MSFT", "parent")}),
        (["--session", "2026-11-20", "--parents"], {("AAPL", "parent"), ("MSFT", "parent")}),
        (["--session", "2026-11-19"], set()),
        (["--run-key", RUN_KEY, "--parents"], {("AAPL", "parent"), ("MSFT", "parent")}),
        (["--run-key", "intraday:2026-11-20T11:00"], set()),
    ],
)
def test_filters_of_orders(
    says: Says, books: Ledger, filters: list[str], expected: set[tuple[str, str]]
) -> None:
    side = {"AAPL": "buy", "MSFT": "sell"}
    found = names(records(says("orders", *filters, "--format", "json")))
    assert sorted(found) == sorted(name_of(s, side[s], position) for s, position in expected)


def test_fills_are_the_ledgers_exactly(says: Says, books: Ledger) -> None:
    found = records(says("fills", "--format", "json"))
    assert [list(record) for record in found] == [FILL_FIELDS] * 2
    assert names(found, "exec_id") == column(books, "SELECT exec_id FROM fills ORDER BY ts")
    assert names(found, "price") == ["100.0200", "100.03"]
    assert names(found, "commission") == ["0.350", "0.350"]
    assert names(found, "quantity") == [1, 2]
    assert names(found, "ts") == ["2026-11-20T14:35:01+00:00", "2026-11-20T14:35:02.000001+00:00"]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (["--symbol", "MSFT"], 0),
        (["--symbol", "AAPL"], 2),
        (["--session", "2026-11-20"], 2),
        (["--session", "2026-11-21"], 0),
        (["--run-key", RUN_KEY], 2),
        (["--run-key", "intraday:2026-11-20T11:00"], 0),
    ],
)
def test_filters_of_fills(says: Says, books: Ledger, filters: list[str], count: int) -> None:
    assert len(records(says("fills", *filters, "--format", "json"))) == count


def test_positions_and_cash(says: Says, books: Ledger) -> None:
    books.execute(
        "INSERT INTO positions (account, symbol, quantity, cost) VALUES (%s, 'SOLD', 0, -5)",
        (ACCOUNT,),
    )
    assert records(says("positions", "--format", "json")) == [
        {
            "symbol": "AAPL",
            "quantity": 3,
            "break_even_price": "100.0266666666666667",
            "cost": "300.0800",
        },
        {"symbol": "IBM", "quantity": 30, "break_even_price": "200.5", "cost": "6015.0"},
        {"symbol": "XOM", "quantity": -7, "break_even_price": "90", "cost": "-630"},
    ]
    cash = column(books, "SELECT balance FROM cash")[0]
    assert f"cash {cash:,.2f}" in says("positions").stdout
    assert records(says("status", "--format", "json"))[0]["cash"] == f"{cash:f}"


def test_the_plan_has_what_was_decided_and_what_came_of_it(says: Says, books: Ledger) -> None:
    found = records(says("plan", "--run-key", RUN_KEY, "--format", "json"))
    assert [(r["symbol"], r["accepted"], r["code"], r["slices"]) for r in found] == [
        ("AAPL", True, "ACCEPTED", 2),
        ("MSFT", True, "ACCEPTED", 1),
        ("GME", False, "RESTRICTED", None),
    ]
    assert found[0]["client_order_id"] == name_of("AAPL", "buy", "parent")
    assert (found[0]["direction"], found[0]["strength"]) == ("long", 0.5)
    assert found[0]["route_saw"] == {"bid": 99.99, "adv": None}
    assert found[2]["reason"] == "GME is on the restricted list"
    assert found == records(says("plan", "--format", "json")), "the default is the latest plan"


def test_a_sweep_is_no_slice_of_the_plan(says: Says, books: Ledger) -> None:
    token = column(books, "SELECT token FROM leases")[0]
    name = name_of("AAPL", "buy", "parent")
    sweep = replace(
        orders_by_id(books, [name])[name],
        client_order_id=name_of("AAPL", "buy", "sweep"),
        parent_id=name,
        slice_index=2,
        quantity=7,
        route_rule="SWEEP",
        due_at=END,
    )
    add_orders(books, Lease(ACCOUNT, "here", token, 60), [sweep])
    assert len(records(says("orders", "--children", "--symbol", "AAPL", "--format", "json"))) == 3
    assert records(says("plan", "--format", "json"))[0]["slices"] == 2


def test_a_run_without_a_plan(says: Says, books: Ledger) -> None:
    started = says("plan", "--run-key", "intraday:2026-11-20T11:00")
    assert "No planned orders of account SIM1, run intraday:2026-11-20T11:00." in started.stdout


@pytest.mark.parametrize("command", ["plan", "orders", "fills"])
def test_a_run_that_is_not_there(says: Says, books: Ledger, command: str) -> None:
    unknown = says(command, "--run-key", "daily:1999-01-01")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert unknown.stderr.startswith("error: account SIM1 has no run 'daily:1999-01-01'")


def test_quality_of_orders_and_of_days(says: Says, books: Ledger) -> None:
    (order,) = records(says("quality", "--session", "2026-11-20", "--format", "json"))
    assert order["client_order_id"] == name_of("AAPL", "buy", "parent")
    assert order["session"] == "2026-11-20"
    assert (order["fill_rate"], order["slippage_arrival_bps"]) == (0.3, 0.66653)
    assert (order["shortfall_total"], order["arrival_price"]) == ("0.78", "100.02")
    assert order["twap_price"] == repr(100.1 + 0.2)
    assert order["vwap_price"] is None
    for dimension, key in (("day", "all"), ("symbol", "AAPL")):
        (aggregate,) = records(says("quality", "--by", dimension, "--format", "json"))
        assert (aggregate["dimension"], aggregate["key"]) == (dimension, key)
        assert (aggregate["notional"], aggregate["fees"]) == ("300.08", "0.700")
    assert records(says("quality", "--session", "2026-11-19", "--format", "json")) == []
    assert (
        records(says("quality", "--session", "2026-11-19", "--by", "hour", "--format", "json"))
        == []
    )


def test_quality_of_many_sessions_by_more_than_one_thing(says: Says, books: Ledger) -> None:
    span = ("--from", "2026-11-01", "--to", "2026-11-30", "--format", "json")
    asked = ("quality", "--by", "day", "--by", "route_rule", "--by", "hour")
    (found,) = records(says(*asked, *span))
    assert [found[name] for name in ("day", "route_rule", "hour")] == ["2026-11-20", "LARGE", 9]
    assert (found["orders"], found["notional"], found["fees"]) == (1, "300.08", "0.700")
    assert (found["slippage_twap_bps"], found["slippage_vwap_bps"]) != (None, None)
    assert (found["slippage_vwap_bps"], found["fills"]) == (None, None)
    assert records(says(*asked, "--from", "2026-11-21", "--format", "json")) == []
    assert len(records(says("quality", *span))) == 1
    assert records(says("quality", "--to", "2026-11-19", "--format", "json")) == []
    table = says(*asked).stdout
    assert "route_rule" in table
    assert "LARGE" in table


def test_dates_that_contradict_each_other_are_refused(says: Says, books: Ledger) -> None:
    both = says("quality", "--session", "2026-11-20", "--from", "2026-11-01")
    assert both.exit_code == 2
    assert "--session is one day, --from and --to are many" in both.stderr
    swapped = says("quality", "--from", "2026-11-20", "--to", "2026-11-01")
    assert swapped.exit_code == 2
    assert "--from 2026-11-20 is after --to 2026-11-01" in swapped.stderr


def test_breaks_are_the_open_ones_unless_all_are_asked_for(says: Says, books: Ledger) -> None:
    (still_open,) = records(says("breaks", "--format", "json"))
    assert (still_open["kind"], still_open["ours"], still_open["theirs"]) == (
        "position",
        "30",
        "29",
    )
    both = records(says("breaks", "--all", "--format", "json"))
    assert names(both, "kind") == ["position", "cash"]
    assert both[1]["resolved_at"] == END.isoformat()


def test_alerts(says: Says, books: Ledger) -> None:
    found = records(says("alerts", "--format", "json"))
    assert names(found, "payload") == [{"bps": 12.5}, {}]
    assert names(found, "at") == [START.isoformat(), END.isoformat()]
    assert records(says("alerts", "--session", "2026-11-21", "--format", "json")) == []
    assert "[late] a fill came late" in says("alerts").stdout


def test_alerts_are_told_on_demand(
    says: Says, books: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver() as receiver:
        monkeypatch.setenv("ORDERWORKS_WEBHOOK_URL", receiver.url)
        assert records(says("alerts", "--deliver", "--format", "json"))[0]["notified_at"]
        told = records(says("alerts", "--deliver", "--format", "json"))
    assert receiver.causes() == names(told, "cause") == ["slippage:1", "late:1"]
    assert names(told, "told_by") == ["orderworks", "orderworks"]
