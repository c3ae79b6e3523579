"""How slices weigh: by an earlier day, by impact against risk, and evenly where nothing is known."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from working_orders import SESSION, at

from orderworks.desk.curves import with_curves
from orderworks.desk.desk import Desk
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.market.synthetic import write_session
from orderworks.market.universe import Listing
from orderworks.planning.front_loading import MarketOfOrder, front_loaded
from orderworks.planning.scheduling import Horizon

WINDOW = Horizon(at(0), at(300), 5)
ORDER: dict[str, Any] = {
    "symbol": "AAPL",
    "quantity": 1_000,
    "bid": 99.98,
    "ask": 100.02,
    "adv": 50_000_000.0,
}


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    """With as many earlier days as a volatility needs."""
    directory = tmp_path_factory.mktemp("market")
    listings = {"AAPL": Listing(100.0, 50_000_000, 0.015, 1)}
    write_session(directory, require_session(SESSION), listings, seed=1, earlier_sessions=5)
    return ReplayMarket(directory, SESSION)


def routed(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([ORDER | row for row in rows])


async def test_a_vwap_and_a_pov_parent_weigh_as_an_earlier_day_traded(desk: Desk) -> None:
    table, curves = with_curves(desk, routed({"algo": "vwap"}, {"algo": "pov"}), WINDOW)
    curve = desk.market.volume_curve("AAPL", WINDOW.start, WINDOW.end, WINDOW.slices)
    assert curve is not None
    assert curves == {"0": curve.tolist(), "1": curve.tolist()}
    assert table["algo"].tolist() == ["vwap", "pov"]


async def test_an_is_parent_weighs_as_its_trajectory(desk: Desk) -> None:
    _, curves = with_curves(desk, routed({"algo": "is"}), WINDOW)
    volatility = desk.market.daily_volatility(["AAPL"], SESSION, desk.settings.market.adv_days)
    days = (at(300) - at(0)) / (desk.session.close - desk.session.open)
    market = MarketOfOrder(99.98, 100.02, 50e6, float(volatility.iloc[0]))
    expected = front_loaded(1_000, days, 5, market, desk.settings.execution.is_risk_aversion)
    if expected is None:
        pytest.fail("the market of this test is known")
    assert curves == {"0": expected.trades}


async def test_its_own_horizon_is_the_curves(desk: Desk) -> None:
    own = {"start": at(60), "end": at(240), "slices": 3}
    _, curves = with_curves(desk, routed({"algo": "vwap"} | own, {"algo": "is"} | own), WINDOW)
    assert [len(curve) for curve in curves.values()] == [3, 3]
    expected = desk.market.volume_curve("AAPL", at(60), at(240), 3)
    assert expected is not None
    assert curves["0"] == expected.tolist()


async def test_what_is_cut_evenly_has_no_curve(desk: Desk) -> None:
    asked = routed({"algo": "twap"}, {"algo": "none"})
    table, curves = with_curves(desk, asked, WINDOW)
    assert curves == {}
    pd.testing.assert_frame_equal(table, asked)


@pytest.mark.parametrize("order", [{"symbol": "NONE"}, {"adv": np.nan}, {"ask": 99.98}])
async def test_an_is_parent_of_an_unknown_market_becomes_a_twap(
    desk: Desk, order: dict[str, Any]
) -> None:
    table, curves = with_curves(desk, routed({"algo": "is"} | order), WINDOW)
    assert (curves, table["algo"].tolist()) == ({}, ["twap"])


async def test_where_no_earlier_day_tells_a_vwap_becomes_a_twap_and_a_pov_is_planned_evenly(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    asked = routed({"algo": "twap"}, {"algo": "vwap"}, {"algo": "pov"}).assign(symbol="NONE")
    # Whatever the rows are called, places count.
    asked.index = pd.Index([2, 0, 1])
    table, curves = with_curves(desk, asked, WINDOW)
    assert curves == {"2": [1.0] * 5}
    assert table["algo"].tolist() == ["twap", "twap", "pov"]
    assert asked["algo"].tolist() == ["twap", "vwap", "pov"]
    assert caplog.messages == [
        "too little is known of NONE on earlier days: worked as TWAP, not as VWAP"
    ]
