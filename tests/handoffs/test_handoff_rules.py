"""Each rule of each suite refuses what breaks it, names it, and lets its boundary pass."""

import math
from decimal import Decimal
from functools import cache

import pandas as pd
import pytest
from pandas import DataFrame
from sound_handoffs import NOON, sound, with_changes

from orderworks.handoffs import HandoffRefused, check
from orderworks.handoffs.suites import SUITES
from orderworks.model.order import Algo, OrderType, Side
from orderworks.model.state import OrderState

SYMBOL_RULE = (
    "symbol must be 1 to 15 upper-case letters, digits, '.', '-' or inner spaces, a letter first"
)
SIDE_RULE = "side must be one of buy, sell"
STATE_RULE = (
    "state must be one of PENDING, SUBMITTED, PARTIALLY_FILLED, FILLED, CANCELLED, REJECTED, "
    "EXPIRED, UNKNOWN"
)
TYPE_RULE = "order_type must be one of market, limit, stop, stop_limit, trailing_stop, midprice"
ALGO_RULE = "algo must be one of none, twap, vwap, pov, is, ibkr_twap, ibkr_vwap, ibkr_adaptive"

NO_PRICES = dict.fromkeys(("limit_price", "stop_price", "trail_amount", "trail_percent"))
STOP = {**NO_PRICES, "order_type": "stop", "stop_price": 101.0, "algo": "none"}
STOP_LIMIT = {**STOP, "order_type": "stop_limit", "limit_price": 102.0}
TRAIL = {**NO_PRICES, "order_type": "trailing_stop", "trail_amount": 0.5, "algo": "none"}
MIDPRICE = {**NO_PRICES, "order_type": "midprice", "limit_price": 100.0, "algo": "none"}
NATIVE = ("ibkr_twap", "ibkr_vwap", "ibkr_adaptive")
TYPED: dict[str, dict[str, object]] = {
    "market": {**NO_PRICES, "order_type": "market"},
    "limit": {**NO_PRICES, "order_type": "limit", "limit_price": 100.0},
    "stop": STOP,
    "stop_limit": STOP_LIMIT,
    "trailing_stop": TRAIL,
    "midprice": MIDPRICE,
}
"""A signal's order of each type."""
PRICES_OF_TYPE = {
    name: {price for price, value in own.items() if value is not None} | {"trail_percent"}
    if name == "trailing_stop"
    else {price for price, value in own.items() if value is not None}
    for name, own in TYPED.items()
}
LATER = NOON + pd.Timedelta(hours=2)
TIF_RULE = "tif must be one of day, gtc, gtd, ioc, fok, opg, cls"

BROKEN = [
    ("signals", {"strategy": "  "}, "strategy must not be blank"),
    ("signals", {"direction": "up"}, "direction must be one of long, short, flat"),
    ("signals", {"strength": 1.01}, "strength must be between 0 and 1"),
    ("signals", {"strength": -0.01}, "strength must be between 0 and 1"),
    ("signals", {"price": 0.0}, "price must be above 0"),
    ("signals", {"price": math.inf}, "price must be finite"),
    ("signals", {"win_rate": 1.5}, "win_rate must be between 0 and 1"),
    ("signals", {"avg_win_pct": 0.0}, "avg_win_pct must be above 0"),
    ("signals", {"avg_loss_pct": -1.0}, "avg_loss_pct must be above 0"),
    ("signals", {"quantity": 0}, "quantity must be above 0"),
    ("signals", {"quantity": 10.5}, "quantity must be a whole number"),
    ("signals", {"quantity": math.inf}, "quantity must be a whole number"),
    ("signals", {"order_type": "pegged"}, TYPE_RULE),
    ("signals", {"limit_price": 0.0}, "limit_price must be above 0"),
    ("signals", {"remainder": "forget"}, "remainder must be one of keep, reprice, cancel, sweep"),
    ("signals", {**STOP, "stop_price": -1.0}, "stop_price must be above 0"),
    ("signals", {**TRAIL, "trail_amount": 0.0}, "trail_amount must be above 0"),
    ("signals", {"stop_loss_price": -1.0}, "stop_loss_price must be above 0"),
    (
        "signals",
        {"direction": "short", "take_profit_price": 0.0},
        "take_profit_price must be above 0",
    ),
    *(
        (
            "signals",
            {**TRAIL, "trail_amount": None, "trail_percent": percent},
            "trail_percent must be strictly between 0 and 1",
        )
        for percent in (0.0, 1.0, -0.1)
    ),
    *(
        ("signals", {**own, price: 0.5}, f"{price} must not be set where order_type is {name}")
        for name, own in TYPED.items()
        for price in ("limit_price", "stop_price", "trail_amount", "trail_percent")
        if price not in PRICES_OF_TYPE[name]
    ),
    (
        "signals",
        {**TRAIL, "trail_percent": 0.5},
        "trail_amount and trail_percent must not both be set",
    ),
    (
        "signals",
        {**TRAIL, "trail_amount": None},
        "trail_amount or trail_percent is missing where order_type is trailing_stop",
    ),
    ("signals", {**STOP, "stop_price": None}, "stop_price is missing where order_type is stop"),
    *(
        (
            "signals",
            {**STOP_LIMIT, price: None},
            f"{price} is missing where order_type is stop_limit",
        )
        for price in ("stop_price", "limit_price")
    ),
    *(
        ("signals", {**STOP, "tif": tif}, f"order_type must be limit or market where tif is {tif}")
        for tif in ("ioc", "fok", "opg", "cls")
    ),
    *(
        (
            "signals",
            {**MIDPRICE, "tif": tif, "good_till": till},
            "order_type must be limit or market or stop or stop_limit or trailing_stop "
            f"where tif is {tif}",
        )
        for tif, till in (("gtc", None), ("gtd", LATER))
    ),
    *(
        ("signals", {"algo": algo, "slices": None} | changes, f"{said} where algo is {algo}")
        for algo in NATIVE
        for changes, said in (
            ({"tif": "gtc"}, "tif must be day"),
            ({"remainder": "reprice"}, "remainder must be keep or cancel or sweep"),
            ({"slices": 3}, "slices must not be set"),
        )
    ),
    ("signals", {"tif": "gtd"}, "good_till is missing where tif is gtd"),
    *(
        (
            "signals",
            {"tif": tif, "good_till": LATER, "algo": "none"},
            f"good_till must not be set where tif is {tif}",
        )
        for tif in ("day", "gtc", "ioc", "fok", "opg", "cls")
    ),
    *(
        ("signals", {**own, "algo": "twap"}, f"algo must be none where order_type is {name}")
        for name, own in TYPED.items()
        if own.get("algo") == "none"
    ),
    *(("signals", {"tif": tif}, f"algo must be none where tif is {tif}") for tif in ("opg", "cls")),
    (
        "signals",
        {"stop_loss_price": 101.0},
        "stop_loss_price must be below price where direction is long",
    ),
    (
        "signals",
        {"take_profit_price": 100.0},
        "price must be below take_profit_price where direction is long",
    ),
    (
        "signals",
        {"direction": "short", "stop_loss_price": 99.0},
        "price must be below stop_loss_price where direction is short",
    ),
    (
        "signals",
        {"direction": "short", "take_profit_price": 101.0},
        "take_profit_price must be below price where direction is short",
    ),
    ("signals", {"tif": "gfd"}, TIF_RULE),
    ("signals", {"algo": "iceberg"}, ALGO_RULE),
    ("signals", {"start": NOON + pd.Timedelta(hours=1)}, "start must be before end"),
    ("signals", {"slices": 0}, "slices must be at least 1"),
    ("signals", {"slices": 1.5}, "slices must be a whole number"),
    ("targets", {"weight": 10.1}, "weight must be between -10 and 10"),
    ("targets", {"weight": -10.1}, "weight must be between -10 and 10"),
    ("sized", {"strategy": ""}, "strategy must not be blank"),
    ("sized", {"side": "BUY"}, SIDE_RULE),
    ("sized", {"quantity": -1}, "quantity must be above 0"),
    ("sized", {"quantity": 0.5}, "quantity must be a whole number"),
    ("sized", {"target": 0.5}, "target must be a whole number"),
    ("sized", {"holdings": 0.5}, "holdings must be a whole number"),
    ("sized", {"open_buys": 0.5}, "open_buys must be a whole number"),
    ("sized", {"decision_price": Decimal(0)}, "decision_price must be above 0"),
    ("sized", {"strength": 2.0}, "strength must be between 0 and 1"),
    ("sized", {"stop_loss_price": Decimal("-1")}, "stop_loss_price must be above 0"),
    ("sized", {"take_profit_price": Decimal(0)}, "take_profit_price must be above 0"),
    ("gated", {"bid": Decimal(0)}, "bid must be above 0"),
    ("gated", {"bid": Decimal("100.02")}, "bid must not be above ask"),
    ("gated", {"adv": 0.0}, "adv must be above 0"),
    ("routed", {"strategy": " "}, "strategy must not be blank"),
    ("routed", {"side": "long"}, SIDE_RULE),
    ("routed", {"quantity": 0}, "quantity must be above 0"),
    ("routed", {"quantity": 1.5}, "quantity must be a whole number"),
    ("routed", {"order_type": "pegged"}, TYPE_RULE),
    ("routed", {"limit_price": Decimal(0)}, "limit_price must be above 0"),
    ("routed", {"limit_price": None}, "limit_price is missing where order_type is limit"),
    ("routed", {"route_rule": ""}, "route_rule must not be blank"),
    ("routed", {"algo": "iceberg"}, ALGO_RULE),
    ("routed", {"bid": Decimal("100.02")}, "bid must not be above ask"),
    ("scheduled", {"cross_at": NOON - pd.Timedelta("1s")}, "due_at must not be above cross_at"),
    ("scheduled", {"client_order_id": " "}, "client_order_id must not be blank"),
    (
        "scheduled",
        {"client_order_id": "x" * 41},
        "client_order_id must be at most 40 characters long",
    ),
    ("scheduled", {"parent_id": ""}, "parent_id must not be blank"),
    ("scheduled", {"side": "short"}, SIDE_RULE),
    ("scheduled", {"quantity": 0}, "quantity must be above 0"),
    ("scheduled", {"quantity": 1.5}, "quantity must be a whole number"),
    ("scheduled", {"slice_index": -1}, "slice_index must be at least 0"),
    ("scheduled", {"slice_index": 0.5}, "slice_index must be a whole number"),
    ("scheduled", {"scheduled_quantity": 99}, "scheduled_quantity must equal parent_quantity"),
    ("submitted", {"client_order_id": ""}, "client_order_id must not be blank"),
    ("submitted", {"side": "x"}, SIDE_RULE),
    ("submitted", {"quantity": 0}, "quantity must be above 0"),
    ("submitted", {"quantity": 1.5}, "quantity must be a whole number"),
    ("submitted", {"state": "NEW"}, STATE_RULE),
    ("submitted", {"order_type": "pegged"}, TYPE_RULE),
    ("submitted", {"limit_price": Decimal(0)}, "limit_price must be above 0"),
    ("submitted", {"attempts": 0}, "attempts must be at least 1"),
    ("submitted", {"attempts": 1.5}, "attempts must be a whole number"),
    ("fills", {"exec_id": ""}, "exec_id must not be blank"),
    ("fills", {"client_order_id": ""}, "client_order_id must not be blank"),
    ("fills", {"side": "x"}, SIDE_RULE),
    ("fills", {"quantity": 0}, "quantity must be above 0"),
    ("fills", {"quantity": 1.5}, "quantity must be a whole number"),
    ("fills", {"price": Decimal(0)}, "price must be above 0"),
    ("fills", {"commission": math.inf}, "commission must be finite"),
    ("fills", {"filled_quantity": -1}, "filled_quantity must be at least 0"),
    ("fills", {"filled_quantity": 101}, "filled_quantity must not be above ordered_quantity"),
    ("quality", {"client_order_id": ""}, "client_order_id must not be blank"),
    ("quality", {"side": "x"}, SIDE_RULE),
    ("quality", {"quantity": 0, "filled_quantity": 0}, "quantity must be above 0"),
    ("quality", {"filled_quantity": -1}, "filled_quantity must be at least 0"),
    ("quality", {"filled_quantity": 101}, "filled_quantity must not be above quantity"),
    ("quality", {"fill_rate": 1.1}, "fill_rate must be between 0 and 1"),
    (
        "quality",
        {"slippage_arrival_bps": 10_000.0},
        "slippage_arrival_bps must lie inside -10000 and 10000",
    ),
    ("quality", {"shortfall_total": -math.inf}, "shortfall_total must be finite"),
]

NO_QUOTE = {"bid must be above 0", "ask must be above 0"}

BAD_SYMBOLS = ["aapl", "1A", "A" * 16, "AAPL ", "AAPL\n", "", "A_B", "ÄB", " AAPL"]

MISSING = [
    (suite.handoff, column.name)
    for suite in SUITES.values()
    for column in suite.columns
    if column.presence == "required"
]

DUPLICATES = [
    ("signals", ("strategy", "symbol"), "duplicate signal: strategy and symbol must be unique"),
    ("targets", ("symbol",), "duplicate target: symbol must be unique"),
    ("sized", ("strategy", "symbol"), "duplicate order: strategy and symbol must be unique"),
    ("gated", ("strategy", "symbol"), "duplicate order: strategy and symbol must be unique"),
    ("scheduled", ("client_order_id",), "duplicate child order: client_order_id must be unique"),
    ("submitted", ("client_order_id",), "duplicate submission: client_order_id must be unique"),
    ("fills", ("exec_id",), "duplicate fill: exec_id must be unique"),
    ("quality", ("client_order_id",), "duplicate order: client_order_id must be unique"),
]

PASSING = [
    ("signals", {"strength": 0.0, "win_rate": 1.0}),
    ("signals", {"strength": 1.0, "win_rate": 0.0}),
    ("signals", {"symbol": "A"}),
    ("signals", {"symbol": "BRK B"}),
    ("signals", {"symbol": "BF.B-1 PRABCDEF"}),
    ("signals", {"win_rate": None, "avg_win_pct": None, "avg_loss_pct": None}),
    ("signals", {"quantity": None, "order_type": None, "limit_price": None, "slices": None}),
    ("signals", {"order_type": "market", "limit_price": None}),
    ("signals", {"order_type": None, "limit_price": 100.0}),
    ("signals", {"start": None, "end": None, "tif": None, "algo": None}),
    ("signals", {"slices": 1, "quantity": 1}),
    *(("signals", own) for own in TYPED.values()),
    ("signals", {**TRAIL, "trail_amount": None, "trail_percent": 0.02}),
    ("signals", {**MIDPRICE, "limit_price": None, "tif": None}),
    *(("signals", {"algo": algo, "slices": None, "tif": None}) for algo in NATIVE),
    ("signals", {"tif": "gtd", "good_till": LATER}),
    ("signals", {"stop_loss_price": 98.0, "take_profit_price": 110.0}),
    ("signals", {"direction": "short", "stop_loss_price": 110.0, "take_profit_price": 98.0}),
    ("targets", {"weight": 10}),
    ("targets", {"weight": -10}),
    ("sized", {"stop_loss_price": None}),
    ("sized", {"target": -10, "holdings": -20, "open_sells": 30, "strength": 1}),
    ("gated", {"bid": Decimal("100.01")}),
    ("gated", {"adv": None}),
    ("routed", {"order_type": "market", "limit_price": None}),
    ("scheduled", {"client_order_id": "x" * 40}),
    ("submitted", {"limit_price": None}),
    ("fills", {"filled_quantity": 100, "commission": Decimal("-3.1")}),
    ("quality", {"filled_quantity": 0, "fill_rate": 0, "slippage_arrival_bps": None}),
    ("quality", {"filled_quantity": 100, "slippage_arrival_bps": -9999.9, "shortfall_total": None}),
    *(("signals", {"direction": direction}) for direction in ("long", "short", "flat")),
    *(("routed", {"algo": algo, "order_type": OrderType.LIMIT}) for algo in Algo),
    *(("sized", {"side": side}) for side in Side),
    *(("submitted", {"state": state}) for state in OrderState if state is not OrderState.NEW),
]


CASES: list[tuple[str, dict[str, object], set[str]]] = [
    *((handoff, changes, {rule}) for handoff, changes, rule in BROKEN),
    *(("gated", changes, {rule}) for handoff, changes, rule in BROKEN if handoff == "sized"),
    *((handoff, {"bid": -1, "ask": 0}, NO_QUOTE) for handoff in ("gated", "routed")),
    *((handoff, {"symbol": bad}, {SYMBOL_RULE}) for handoff in SUITES for bad in BAD_SYMBOLS),
    *((handoff, {column: None}, {f"{column} is missing"}) for handoff, column in MISSING),
    *((handoff, changes, set()) for handoff, changes in PASSING),
]


def rules_broken(handoff: str, frame: DataFrame) -> dict[int | str, set[str]]:
    broken: dict[int | str, set[str]] = {}
    for entry in check(handoff, frame, max_quarantined_pct=100).quarantined:
        broken.setdefault(entry.row, set()).add(entry.rule)
    return broken


@cache
def judged(handoff: str) -> dict[int | str, set[str]]:
    """All cases of a handoff, one row each, judged as one table; by the case's number."""
    numbers = [number for number, case in enumerate(CASES) if case[0] == handoff]
    frame = with_changes(handoff, [CASES[number][1] for number in numbers])
    return rules_broken(handoff, frame.set_axis(numbers))


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: f"{CASES[n][0]}-{CASES[n][1]}")
def test_a_row_breaks_the_rule_that_it_breaks_and_no_other(number: int) -> None:
    handoff, _, rules = CASES[number]
    assert judged(handoff).get(number, set()) == rules


@pytest.mark.parametrize("handoff", SUITES)
def test_sound_rows_pass(handoff: str) -> None:
    frame = sound(handoff)
    checked = check(handoff, frame)
    assert checked.quarantined == ()
    pd.testing.assert_frame_equal(checked.accepted, frame)


@pytest.mark.parametrize("handoff", SUITES)
def test_every_rule_is_broken_by_some_case(handoff: str) -> None:
    covered = set().union(*(rules for case, _, rules in CASES if case == handoff))
    duplicates = {rule for case, _, rule in DUPLICATES if case == handoff}
    stated = {rule.sentence for rule in SUITES[handoff].rules}
    assert stated <= covered | duplicates


@pytest.mark.parametrize(("handoff", "columns", "rule"), DUPLICATES)
def test_all_of_the_duplicates_are_quarantined(
    handoff: str, columns: tuple[str, ...], rule: str
) -> None:
    frame = sound(handoff, rows=5)
    frame.loc[[2, 4], list(columns)] = frame.loc[[0, 0], list(columns)].to_numpy()
    assert rules_broken(handoff, frame) == {0: {rule}, 2: {rule}, 4: {rule}}


def test_one_symbol_may_have_signals_of_two_strategies() -> None:
    frame = with_changes("signals", [{}, {"strategy": "reversal", "symbol": "SYM0"}])
    assert rules_broken("signals", frame) == {}


@pytest.mark.parametrize("handoff", SUITES)
def test_every_declared_rule_has_its_own_sentence(handoff: str) -> None:
    sentences = [rule.sentence for rule in SUITES[handoff].rules]
    assert len(sentences) == len(set(sentences))


@pytest.mark.parametrize("handoff", SUITES)
def test_only_inputs_must_have_rows(handoff: str) -> None:
    empty = sound(handoff).iloc[:0]
    if handoff in ("signals", "targets"):
        with pytest.raises(
            HandoffRefused, match=f"^{handoff}: the table has no rows; add at least one$"
        ):
            check(handoff, empty)
    else:
        assert check(handoff, empty).accepted.empty
