"""The gate as a whole: its rules, its decisions, what holds of every table, its speed."""

import json
from pathlib import Path
from pkgutil import iter_modules
from string import Formatter
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_benchmark.fixture import BenchmarkFixture
from risk_tables import NAN, ORDER, account, orders

from orderworks.planning.risk import RULES, RiskLimits, gate, rules
from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.rules import net_exposure, turnover_per_day


def test_every_rule_file_is_in_the_gate_once() -> None:
    files = [f"{rules.__name__}.{module.name}" for module in iter_modules(rules.__path__)]
    modules: tuple[Any, ...] = RULES
    assert sorted(rule.__name__ for rule in modules) == sorted(files)


def test_no_two_rules_share_a_code() -> None:
    codes = [code for rule in RULES for code in rule.REASONS]
    assert len(codes) == len(set(codes))
    assert "ACCEPTED" not in codes


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__.rsplit(".", 1)[-1])
def test_a_rule_says_what_it_does_and_its_sentences_can_be_filled(rule: Any) -> None:
    assert len(rule.__doc__) > 60
    verdict = rule.check(Candidates.from_frame(orders({})), account())
    own = {"strategy", "symbol", "notional"} | set(ORDER)
    for sentence in rule.REASONS.values():
        fields = {name for _, name, _, _ in Formatter().parse(sentence) if name}
        assert fields <= own | set(verdict.saw)


def test_rules_take_an_empty_table() -> None:
    gated = gate(orders(), account())
    assert gated.accepted.empty
    assert list(gated.decisions.columns) == [
        "strategy",
        "symbol",
        "accepted",
        "code",
        "reason",
        "saw",
    ]


def test_the_default_limits_are_those_of_the_settings_file() -> None:
    file = Path(__file__).resolve().parents[2] / "config" / "settings.yaml"
    risk = yaml.safe_load(file.read_text())["risk"]
    limits = RiskLimits()
    named = {name: value for name, value in risk.items() if name.startswith("max_")}
    assert named == {name: getattr(limits, name) for name in named}


def test_the_first_rule_that_refuses_is_the_one_that_is_named() -> None:
    wrong = {"decision_price": 200.0, "quantity": 10_000_000, "quote_problem": "QUOTE_STALE"}
    decisions = gate(orders(wrong, {"symbol": "MSFT"}), account()).decisions
    assert decisions["code"].tolist() == ["QUOTE_STALE", "ACCEPTED"]
    assert decisions["accepted"].tolist() == [False, True]


def test_an_order_refused_early_takes_nothing_of_a_later_limit() -> None:
    stale = {"quote_problem": "QUOTE_STALE", "symbol": "MSFT"}
    gated = gate(orders(stale, {}), account(buying_power=10_000.0))
    assert gated.decisions["code"].tolist() == ["QUOTE_STALE", "ACCEPTED"]


def test_what_was_accepted_carries_the_common_numbers_and_every_column() -> None:
    table = orders({"adv": 2_000_000.0}).assign(target=100, note="kept")
    gated = gate(table, account())
    pd.testing.assert_frame_equal(gated.accepted, table)
    decision = gated.decisions.iloc[0]
    assert decision["reason"] == "it passed every rule"
    assert decision["saw"] == {
        "quantity": 100,
        "decision_price": 100.0,
        "bid": 99.9,
        "ask": 100.1,
        "adv": 2_000_000.0,
        "holdings": 0,
        "notional": 10_000.0,
    }


SYMBOLS = st.sampled_from(["A", "B", "C", "D", "E"])
ROW = st.fixed_dictionaries(
    {
        "strategy": st.sampled_from(["trend", "value", "carry"]),
        "symbol": SYMBOLS,
        "side": st.sampled_from(["buy", "sell"]),
        "quantity": st.integers(1, 400),
        "decision_price": st.sampled_from([99.0, 100.0, 101.5, 107.0, NAN]),
        "bid": st.sampled_from([99.9, 99.9, 99.9, NAN, 101.0]),
        "quote_problem": st.sampled_from([None, None, None, "QUOTE_STALE"]),
        "adv": st.sampled_from([1e6, 4_000.0, NAN]),
    }
)
BOOK = st.dictionaries(SYMBOLS, st.integers(-300, 300))


def _table(rows: list[dict[str, Any]], book: dict[str, int]) -> pd.DataFrame:
    return orders(*(row | {"holdings": book.get(row["symbol"], 0)} for row in rows))


def _tight(book: dict[str, int], **facts: Any) -> Any:
    """An account of 100,000 that holds ``book`` at 100, with every limit within reach."""
    limits = {
        "max_order_quantity": 350,
        "max_position_pct": 30.0,
        "max_gross_exposure_pct": 90.0,
        "max_net_exposure_pct": 40.0,
        "max_turnover_per_day_pct": 100.0,
        "max_orders_per_day": 8,
    }
    held = {
        "equity": 100_000.0,
        "peak_equity": 100_000.0,
        "buying_power": 60_000.0,
        "gross_exposure": 100.0 * sum(map(abs, book.values())),
        "net_exposure": 100.0 * sum(book.values()),
        "not_shortable": frozenset({"E"}),
    }
    return account(limits, **held | facts)


@given(st.lists(ROW, max_size=15), BOOK)
def test_every_order_is_decided_once_and_order_is_kept(
    rows: list[dict[str, Any]], book: dict[str, int]
) -> None:
    table = _table(rows, book)
    gated = gate(table, _tight(book))
    decisions = gated.decisions
    assert decisions["strategy"].tolist() == table["strategy"].tolist()
    assert decisions["symbol"].tolist() == table["symbol"].tolist()
    assert (decisions["accepted"] == (decisions["code"] == "ACCEPTED")).all()
    passed = table[decisions["accepted"].to_numpy(bool)].reset_index(drop=True)
    pd.testing.assert_frame_equal(gated.accepted, passed)
    json.dumps(decisions["saw"].tolist(), allow_nan=False)
    assert not decisions["reason"].str.contains("nan|None|inf", regex=True).any()


@given(st.lists(ROW, max_size=15), BOOK)
def test_what_passed_the_rules_before_the_money_sums_passes_them_again(
    rows: list[dict[str, Any]], book: dict[str, int]
) -> None:
    context = _tight(book)
    single = RULES[: RULES.index(turnover_per_day)]
    accepted = gate(_table(rows, book), context, single).accepted
    pd.testing.assert_frame_equal(gate(accepted, context, single).accepted, accepted)


@given(st.lists(ROW, max_size=15), BOOK)
@settings(max_examples=3 * settings.default.max_examples)
def test_when_all_that_was_accepted_has_filled_the_account_is_within_its_limits(
    rows: list[dict[str, Any]], book: dict[str, int]
) -> None:
    rows = [row | {"decision_price": 100.0} for row in rows]
    context = _tight(book)
    accepted = gate(_table(rows, book), context).accepted
    signed = np.where(accepted["side"] == "buy", 1, -1) * accepted["quantity"]
    traded = signed.groupby(accepted["symbol"]).sum()
    after = pd.Series(book, dtype="float64").add(traded, fill_value=0)

    assert 100 * after.abs().sum() <= max(90_000, context.gross_exposure)
    # A short position may not be opened in E, nor one that stands be enlarged.
    assert after.get("E", 0) >= min(0, book.get("E", 0))
    before = pd.Series(book, dtype="float64").reindex(after.index, fill_value=0)
    assert (100 * after.abs() <= np.maximum(30_000, 100 * before.abs())).all()
    assert len(accepted) <= 8


@given(st.lists(ROW, max_size=15), BOOK)
def test_once_reductions_are_counted_no_rule_refuses_one(
    rows: list[dict[str, Any]], book: dict[str, int]
) -> None:
    first = RULES.index(turnover_per_day)
    context = _tight(book)
    reached = gate(_table(rows, book), context, RULES[:first]).accepted
    reducing = Candidates.from_frame(reached).reducing
    decisions = gate(reached, context, RULES[first:]).decisions
    assert decisions["accepted"][reducing].all()


def test_net_exposure_stands_last() -> None:
    """There a sale makes room for a purchase; no later rule may take the sale away again."""
    assert RULES[-1] is net_exposure


def _rebalance(size: int, strategies: int) -> pd.DataFrame:
    random = np.random.default_rng(7)
    mid = random.uniform(5, 500, size).round(2)
    number = np.arange(size)
    return pd.DataFrame(
        {
            "strategy": [f"strategy {n % strategies}" for n in number],
            "symbol": [f"S{n // strategies}" for n in number],
            "side": np.where(random.random(size) < 0.5, "buy", "sell"),
            "quantity": random.integers(1, 500, size),
            "decision_price": mid * (1 + random.normal(0, 0.02, size)),
            "bid": mid - 0.01,
            "ask": mid + 0.01,
            "bid_size": 300,
            "ask_size": 300,
            "quote_ts": pd.Timestamp("2026-11-20 15:00", tz="UTC"),
            "quote_problem": np.where(random.random(size) < 0.02, "QUOTE_STALE", None),
            "adv": random.uniform(1e3, 1e6, size),
            "holdings": random.integers(-300, 600, size)[number // strategies],
            "open_buys": random.integers(0, 50, size)[number // strategies],
            "open_sells": random.integers(0, 50, size)[number // strategies],
        }
    )


PLENTY: dict[str, Any] = {"equity": 1e10, "peak_equity": 1e10, "buying_power": 1e10}
SCARCE: dict[str, Any] = {
    "equity": 2e8,
    "peak_equity": 2e8,
    "buying_power": 1e8,
    "orders_today": 11_000,
    "short_selling": False,
    "restricted": frozenset({"S7"}),
}
MOST_MS = 40


@pytest.mark.parametrize(
    ("strategies", "facts"), [(1, PLENTY), (2, SCARCE)], ids=["nearly all fit", "much is refused"]
)
def test_ten_thousand_orders(
    benchmark: BenchmarkFixture, strategies: int, facts: dict[str, Any]
) -> None:
    table, context = _rebalance(10_000, strategies), account(**facts)
    gated = benchmark.pedantic(gate, (table, context), rounds=10, warmup_rounds=1)
    assert 0 < len(gated.accepted) < 10_000
    assert benchmark.stats.stats.median * 1_000 <= MOST_MS


def test_ten_thousand_decisions(benchmark: BenchmarkFixture) -> None:
    gated = gate(_rebalance(10_000, 2), account(**SCARCE))
    decisions = benchmark.pedantic(type(gated).decisions.func, (gated,), rounds=5)
    assert len(decisions) == 10_000
