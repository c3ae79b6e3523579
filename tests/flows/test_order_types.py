"""Every order type from a signals file to the exchange's own record, and what protects a position."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from judging import require_sound_books, rows
from synthetic_day import SESSION, signal, write_table

from flows.daily import daily_execution
from flows.end_of_day import end_of_day
from flows.intraday import intraday_execution
from orderworks.ledger.connection import Ledger
from orderworks.model.errors import InputError

pytestmark = [pytest.mark.proof, pytest.mark.usefixtures("environment", "prefect_api")]

NOON = datetime(2024, 11, 21, 17, tzinfo=UTC)


Trade = Callable[..., Awaitable[None]]


@pytest.fixture
def trade(ledger: Ledger, market: str, tmp_path: Path) -> Trade:
    """Trades signals in a run of a flow, after which the books must be sound."""

    async def run(*signals: dict[str, object], flow: Any = daily_execution) -> None:
        file = write_table(tmp_path / f"{flow.name}.csv", *signals)
        state = await flow(session=SESSION, market=market, signals=file, return_state=True)
        assert state.name == "Completed", state.message
        require_sound_books(ledger)

    return run


@pytest.fixture
def unprotected(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERWORKS_EXECUTION__PROTECT_ENTRIES", "false")


async def end_the_day(ledger: Ledger) -> None:
    state = await end_of_day(return_state=True)
    assert state.name == "Completed", state.message
    require_sound_books(ledger)


def asks(strategy: str, symbol: str = "ACME", **others: object) -> dict[str, object]:
    return signal(symbol, **{"quantity": 100, "strategy": strategy} | others)


ASKED: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "stop": ({"stop_price": 100.5}, {"order_type": "stop", "stop_price": 100.5}),
    "stop_limit": (
        {"stop_price": 100.5, "limit_price": 100.8},
        {"order_type": "stop_limit", "stop_price": 100.5, "limit_price": 100.8},
    ),
    "trail_amount": ({"trail_amount": 0.4}, {"order_type": "trailing_stop", "trail_amount": 0.4}),
    "trail_percent": (
        {"trail_percent": 0.004},
        {"order_type": "trailing_stop", "trail_percent": 0.004},
    ),
    "good_till": (
        {"limit_price": 98.0, "tif": "gtd", "good_till": NOON.isoformat()},
        {"tif": "gtd", "good_till": NOON},
    ),
    "fill_or_kill": (
        {"order_type": "market", "tif": "fok"},
        {"order_type": "market", "tif": "fok"},
    ),
    "immediate": ({"limit_price": 101.0, "tif": "ioc"}, {"tif": "ioc", "limit_price": 101.0}),
    "on_close": ({"tif": "cls"}, {"order_type": "market", "tif": "cls"}),
    "limit_on_close": ({"tif": "cls", "limit_price": 101.0}, {"tif": "cls", "limit_price": 101.0}),
}


async def test_every_type_reaches_the_exchange_as_it_was_asked(
    ledger: Ledger, trade: Trade, unprotected: None
) -> None:
    asked = [asks(name, **stated) for name, (stated, _) in ASKED.items()]
    await trade(*asked)
    found = {
        row["strategy"]: row
        for row in rows(
            ledger,
            "SELECT o.strategy, e.* FROM exchange.orders e JOIN orders o USING (client_order_id)",
        )
    }
    assert found.keys() == ASKED.keys()
    for name, (_, expected) in ASKED.items():
        received = found[name]
        same = {
            column: float(received[column]) if isinstance(value, float) else received[column]
            for column, value in expected.items()
        }
        # The stop of a trailing stop moves, and is the exchange's.
        assert same == expected, name
    await end_the_day(ledger)
    ended = {row["strategy"]: row for row in rows(ledger, "SELECT * FROM orders")}
    assert ended["good_till"]["state"] == "EXPIRED"
    assert ended["on_close"]["state"] == "FILLED"
    # Of one second's volume they get their part at most: the one in parts, the other whole or not.
    assert ended["immediate"]["state"] in ("FILLED", "CANCELLED")
    assert ended["fill_or_kill"]["filled_quantity"] in (0, 100)
    assert all(row["closed_at"] for row in ended.values())


async def test_an_order_for_the_opening_trades_at_it(
    ledger: Ledger, trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERWORKS_EXECUTION__START_AFTER_OPEN_SECONDS", "0")
    early = f"{SESSION}T14:00:00Z"
    await trade(
        asks("market", tif="opg", ts=early), asks("limit", tif="opg", limit_price=101.0, ts=early)
    )
    await end_the_day(ledger)
    for order in rows(ledger, "SELECT * FROM orders WHERE attached_to IS NULL"):
        assert (order["tif"], order["state"]) == ("opg", "FILLED"), order["reason"]


async def test_after_the_opening_auction_nothing_is_planned_for_it(
    ledger: Ledger, market: str, tmp_path: Path
) -> None:
    late = write_table(tmp_path / "late.csv", asks("late", tif="opg"))
    state = await daily_execution(session=SESSION, market=market, signals=late, return_state=True)
    with pytest.raises(
        InputError, match=r"row 2 is for the opening auction of 14:30:00 UTC.* over"
    ):
        await state.aresult()
    assert rows(ledger, "SELECT 1 FROM orders") == []


async def test_every_algorithm_works_its_parent(ledger: Ledger, trade: Trade) -> None:
    algorithms = ("twap", "vwap", "pov", "is")
    await trade(*(asks(algo, algo=algo, quantity=300, slices=6) for algo in algorithms))
    parents = rows(ledger, "SELECT * FROM orders WHERE parent_id IS NULL AND attached_to IS NULL")
    assert {one["strategy"]: one["algo"] for one in parents} == {one: one for one in algorithms}
    assert {one["state"] for one in parents} == {"FILLED"}


@pytest.mark.parametrize(
    ("policy", "first", "ordered"),
    [("catch_up", 400, 1000), ("shrink", 100, 1000), ("skip", 100, 700)],
)
async def test_a_run_that_starts_late_treats_its_slices_as_missed(
    ledger: Ledger,
    trade: Trade,
    unprotected: None,
    monkeypatch: pytest.MonkeyPatch,
    policy: str,
    first: int,
    ordered: int,
) -> None:
    """Ten slices from 14:32 on, a minute apart; the run begins at 14:35, when the fourth is due.

    Shrunk, the ten are due in the seven minutes that are left."""
    monkeypatch.setenv("ORDERWORKS_EXECUTION__MISSED_WAVE", policy)
    times = {"start": f"{SESSION}T14:32:00Z", "end": f"{SESSION}T14:42:00Z"}
    await trade(asks("late", algo="twap", quantity=1000, slices=10, **times))
    received = rows(ledger, "SELECT quantity FROM exchange.orders ORDER BY received_at")
    assert received[0]["quantity"] == first
    (parent,) = rows(ledger, "SELECT * FROM orders WHERE parent_id IS NULL")
    assert (parent["quantity"], parent["state"]) == (ordered, "FILLED")


REMAINDERS: dict[str, tuple[set[str], set[str]]] = {
    "keep": ({"SUBMITTED", "PARTIALLY_FILLED", "FILLED"}, set()),
    "cancel": ({"CANCELLED", "FILLED"}, set()),
    "reprice": ({"SUBMITTED", "PARTIALLY_FILLED", "FILLED"}, {"it follows the near touch"}),
    "sweep": ({"CANCELLED", "FILLED"}, {"what is left of it crosses the spread"}),
}
"""What an order may be when its horizon is over, and why it was given other terms until then."""


async def test_a_rest_becomes_what_its_order_asks(
    ledger: Ledger, trade: Trade, unprotected: None
) -> None:
    # Together more than the symbol trades meanwhile, at the near touch.
    await trade(
        *(
            asks(name, "WIDE", quantity=50, price=20.0, strength=0.3, remainder=name)
            for name in REMAINDERS
        )
    )
    reasons: dict[str, set[str]] = {name: set() for name in REMAINDERS}
    for row in rows(
        ledger,
        "SELECT strategy, a.reason FROM revision_attempts a JOIN orders USING (client_order_id)",
    ):
        reasons[row["strategy"]].add(row["reason"])
    assert any(reasons.values()), "nothing rested for long enough"
    for order in rows(ledger, "SELECT * FROM orders"):
        states, why = REMAINDERS[order["strategy"]]
        assert order["state"] in states, order
        assert reasons[order["strategy"]] <= why, order


# What protects a position ----------------------------------------------------------------------


def exits(ledger: Ledger) -> list[dict[str, Any]]:
    return rows(ledger, "SELECT * FROM orders WHERE attached_to IS NOT NULL ORDER BY route_rule")


def require_never_short(ledger: Ledger) -> None:
    """By the exchange's own record no symbol was ever sold beyond what was held."""
    held = Counter[str]()
    for fill in rows(ledger, "SELECT * FROM exchange.fills ORDER BY ts, exec_id"):
        held[fill["symbol"]] += fill["quantity"] * (1 if fill["side"] == "buy" else -1)
        assert held[fill["symbol"]] >= 0, fill


async def test_an_entry_carries_its_exits(ledger: Ledger, trade: Trade) -> None:
    entry = asks("b", strength=0.95, stop_loss_price=90.004, take_profit_price=120.006)
    await trade(entry)
    stop, target = exits(ledger)
    assert (stop["side"], float(stop["stop_price"]), stop["state"]) == ("sell", 90.01, "SUBMITTED")
    assert float(target["limit_price"]) == 120.01
    assert stop["oca_group"] == target["oca_group"] is not None
    assert {stop["tif"], target["tif"]} == {"gtc"}
    assert {stop["quantity"], target["quantity"]} == {100}
    await end_the_day(ledger)
    assert {row["state"] for row in exits(ledger)} == {"SUBMITTED"}, "exits rest overnight"


async def test_a_stop_that_is_hit_closes_the_position(ledger: Ledger, trade: Trade) -> None:
    entry = asks("b", strength=0.95, stop_loss_price=99.9, take_profit_price=130.0)
    await trade(entry)
    await end_the_day(ledger)
    require_never_short(ledger)
    target, stop = (
        next(row for row in exits(ledger) if row["route_rule"] == rule)
        for rule in ("TAKE_PROFIT", "STOP_LOSS")
    )
    assert (stop["state"], stop["filled_quantity"]) == ("FILLED", 100)
    assert (target["state"], target["filled_quantity"]) == ("CANCELLED", 0)
    assert rows(ledger, "SELECT 1 FROM positions WHERE quantity <> 0") == []


@pytest.mark.parametrize(("target", "left"), [(0, 0), (400, 400)])
async def test_exits_give_way_to_what_closes_their_position(
    ledger: Ledger, trade: Trade, target: int, left: int
) -> None:
    entry = asks("b", quantity=1000, strength=0.95, stop_loss_price=90.0, take_profit_price=120.0)
    await trade(entry)
    later = {"ts": f"{SESSION}T16:00:00Z", "strength": 0.95}
    less = asks("b", direction="long" if target else "flat", quantity=target or "", **later)
    await trade(less, flow=intraday_execution)
    require_never_short(ledger)
    (position,) = rows(ledger, "SELECT quantity FROM positions")
    assert position["quantity"] == left
    for one in exits(ledger):
        if left:
            assert (one["state"], one["quantity"], one["revision"]) == ("SUBMITTED", left, 1)
        else:
            assert one["state"] == "CANCELLED"
    live = rows(
        ledger,
        "SELECT quantity FROM exchange.orders WHERE state = 'SUBMITTED' AND attached_to IS NOT NULL",
    )
    assert [row["quantity"] for row in live] == [left, left] if left else live == []


async def test_what_an_exit_has_closed_is_not_closed_again(ledger: Ledger, trade: Trade) -> None:
    """The stop is hit before the signal that closes the position is worked."""
    entry = asks("b", quantity=1000, strength=0.95, stop_loss_price=99.9)
    await trade(entry)
    flat = asks("b", direction="flat", quantity="", ts=f"{SESSION}T19:00:00Z", strength=0.95)
    await trade(flat, flow=intraday_execution)
    require_never_short(ledger)
    assert rows(ledger, "SELECT 1 FROM positions WHERE quantity <> 0") == []
