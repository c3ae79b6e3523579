"""Orders are drawn alike whenever a run is planned again, balanced in each stratum, and by nothing else."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.order import Algo, OrderType, Remainder
from orderworks.planning.experiments import Drawing, Experiment, draw, experiment, strata_of
from orderworks.planning.routing import RoutingPolicy, route

POLICY = RoutingPolicy(
    size_threshold_small_pct=0.1,
    size_threshold_large_pct=1.0,
    wide_spread_threshold_bps=20.0,
    urgent_strength=0.9,
    limit_offset_pct=0.05,
    max_slippage_pct=0.10,
    default_order_type=OrderType.LIMIT,
    slice_style="cross",
    residual=Remainder.SWEEP,
    remainder=Remainder.KEEP,
)
DAY = date(2026, 11, 20)
DRAWING = Drawing("SIM1", "daily:2026-11-20", DAY)
PRICES = Experiment("prices", "route", "SMALL", "MEDIUM", 0.5, 1)
ALGOS = Experiment("algos", "algo", "twap", "vwap", 0.5, 1)

INTENTS = st.lists(
    st.tuples(st.sampled_from(["momentum", "value"]), st.text("ABC", min_size=1, max_size=3)),
    unique=True,
    max_size=40,
).map(lambda names: [(*name, "buy") for name in names])
SHARES = st.floats(0.05, 0.95)
SEEDS = st.integers(0, 2**31)


def orders(*changes: dict[str, Any]) -> pd.DataFrame:
    """Orders of 0.05 % of ADV in a narrow market, each changed as its row says."""
    usual = {
        "strategy": "momentum",
        "side": "buy",
        "quantity": 50,
        "strength": 0.5,
        "bid": 99.99,
        "ask": 100.01,
        "adv": 100_000.0,
    }
    return pd.DataFrame(
        [usual | {"symbol": f"S{place}"} | change for place, change in enumerate(changes)]
    )


def drawn(table: pd.DataFrame, *experiments: Experiment, of: Drawing = DRAWING) -> pd.DataFrame:
    return experiment(table, route(table, POLICY), POLICY, experiments, of)


@given(INTENTS, st.randoms(use_true_random=False), SHARES, SEEDS)
def test_a_retry_draws_alike_in_whatever_order(
    intents: list[tuple[str, str, str]], shuffled: Any, share: float, seed: int
) -> None:
    one = replace(PRICES, share=share, seed=seed)
    strata = [name[1][0] for name in intents]
    first = dict(zip(intents, draw(one, intents, strata, DRAWING).tolist(), strict=True))
    again = shuffled.sample(intents, len(intents))
    assert first == dict(
        zip(again, draw(one, again, [name[1][0] for name in again], DRAWING).tolist(), strict=True)
    )


@given(INTENTS, SHARES, SEEDS)
def test_every_stratum_is_balanced(
    intents: list[tuple[str, str, str]], share: float, seed: int
) -> None:
    strata = [name[1][0] for name in intents]
    treated = draw(replace(PRICES, share=share, seed=seed), intents, strata, DRAWING)
    for stratum in set(strata):
        members = [own == stratum for own in strata]
        assert abs(treated[members].sum() - share * sum(members)) < 1


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_each_order_gets_the_treatment_as_often_as_the_share_says(share: float) -> None:
    intents = [("momentum", symbol, "buy") for symbol in "ABCDE"]
    strata = ["one", "one", "one", "two", "two"]
    runs = 4000
    often = sum(
        draw(replace(PRICES, share=share), intents, strata, replace(DRAWING, run_key=f"r{run}"))
        for run in range(runs)
    )
    # Four standard errors.
    assert np.abs(often / runs - share).max() < 4 * (share * (1 - share) / runs) ** 0.5


def test_another_seed_run_or_experiment_draws_anew() -> None:
    intents = [("momentum", f"S{number}", "buy") for number in range(64)]
    draws = [
        draw(one, intents, ["all"] * 64, of).tolist()
        for one, of in (
            (PRICES, DRAWING),
            (replace(PRICES, seed=2), DRAWING),
            (replace(PRICES, name="other"), DRAWING),
            (PRICES, replace(DRAWING, run_key="daily:2026-11-23")),
            (PRICES, replace(DRAWING, account="SIM2")),
        )
    ]
    assert all(sum(one) == 32 for one in draws)
    assert len({tuple(one) for one in draws}) == len(draws)


def test_drawn_orders_are_routed_as_drawn_and_others_are_left_as_they_are() -> None:
    table = orders(
        *({} for _ in range(10)),
        *({"quantity": 500} for _ in range(10)),
        {"strength": 0.95},
        {"quantity": 2000},
        {"limit_price": 99.0},
    )
    routed, result = route(table, POLICY), drawn(table, PRICES)
    assert result["symbol"].tolist() == table["symbol"].tolist()
    assert (result["experiment"] == "prices").tolist() == [True] * 20 + [False] * 3
    assert result["experiment"].isna().tolist() == [False] * 20 + [True] * 3
    assert result["route_rule"].tolist()[20:] == ["URGENT", "LARGE", "SIGNAL"]
    ours = result.iloc[:20]
    assert set(ours["route_rule"][ours["treated"]]) == {"MEDIUM"}
    assert set(ours["route_rule"][~ours["treated"]]) == {"SMALL"}
    # SMALL buys at the bid, MEDIUM a little above it.
    assert set(ours["limit_price"][ours["treated"]]) == {100.03}
    assert set(ours["limit_price"][~ours["treated"]]) == {99.99}
    kept = [name for name in routed if name not in ("route_rule", "limit_price")]
    pd.testing.assert_frame_equal(result[kept], routed[kept])
    pd.testing.assert_frame_equal(result.iloc[20:][list(routed)], routed.iloc[20:])


def test_large_orders_get_one_algorithm_or_the_other() -> None:
    table = orders(*({"quantity": 2000} for _ in range(10)), {"quantity": 2000, "algo": "pov"})
    result = drawn(table, ALGOS)
    assert sorted(result["algo"][:10]) == ["twap"] * 5 + ["vwap"] * 5
    assert (result["algo"] == "vwap").tolist()[:10] == result["treated"].tolist()[:10]
    assert result["algo"][10] == "pov"
    assert pd.isna(result["experiment"][10])
    native = drawn(table, replace(ALGOS, treatment="ibkr_vwap"))
    assert set(native["route_rule"][native["treated"]]) == {"LARGE_NATIVE"}
    assert set(native["algo"][native["treated"]]) == {Algo.IBKR_VWAP.value}


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        ({}, {"S0", "S1"}),
        ({"starts": date(2026, 11, 21)}, set()),
        ({"ends": date(2026, 11, 19)}, set()),
        ({"starts": DAY, "ends": DAY}, {"S0", "S1"}),
        ({"symbols": frozenset({"S1", "S9"})}, {"S1"}),
        ({"strategies": frozenset({"value"})}, {"S1"}),
    ],
)
def test_it_takes_the_orders_that_it_is_about(changes: dict[str, Any], taken: set[str]) -> None:
    result = drawn(orders({}, {"strategy": "value"}), replace(PRICES, **changes))
    assert set(result["symbol"][result["experiment"].notna()]) == taken


def test_an_order_is_in_the_first_experiment_that_fits() -> None:
    first = replace(PRICES, name="first", symbols=frozenset({"S1"}))
    result = drawn(orders({}, {}, {}), first, PRICES)
    assert result["experiment"].tolist() == ["prices", "first", "prices"]


def test_strata_are_of_size_and_spread() -> None:
    wide = {"bid": 99.9, "ask": 100.2}
    table = orders({}, {"quantity": 100}, {"quantity": 6000, **wide}, {"adv": np.nan, **wide})
    assert strata_of(route(table, POLICY)) == [
        "<0.1% of ADV, <5 bps wide",
        "0.1-1% of ADV, <5 bps wide",
        ">5% of ADV, >20 bps wide",
        "unknown of ADV, >20 bps wide",
    ]


def test_no_orders_are_drawn_of_none() -> None:
    table = orders({})
    assert len(drawn(table.iloc[:0], PRICES)) == 0
    result = drawn(table)
    assert result["experiment"].isna().all()
    assert result["treated"].tolist() == [False]
