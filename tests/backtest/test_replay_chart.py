"""The picture is drawn of whatever a replay may come to."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from replayed_orders import DAY, costs, order

from orderworks.backtest.answer import answer
from orderworks.backtest.chart import replay_chart
from orderworks.backtest.comparison import by_algorithm, compare_all

pytestmark = pytest.mark.proof


def ink(orders: pd.DataFrame, path: Path) -> float:
    """The part of the picture that is ink."""
    summary, compared = by_algorithm(orders), compare_all(orders)
    replay_chart(orders, summary, compared, answer(summary, compared), "Replay of $1_$a", path)
    assert path.read_bytes().startswith(b"\x89PNG")
    return float((imread(path)[..., :3] < 0.99).any(axis=2).mean())


def many() -> pd.DataFrame:
    random = np.random.default_rng(5)
    days = [DAY + timedelta(days=number) for number in range(20)]
    return pd.concat(
        costs(twap=random.normal(4, 9, 12).tolist(), vwap=random.normal(3, 9, 12).tolist()).assign(
            session=day, run_key=f"daily:{day}"
        )
        for day in days
    )


CASES = {
    "one order of one algorithm": pd.DataFrame([order("twap", 3.0)]),
    "orders that cost the same": costs(twap=[5.0, 5.0], vwap=[5.0, 5.0]),
    "nothing filled": pd.DataFrame([order("twap", None), order("vwap", None)]),
    "one of them unfilled": pd.DataFrame([order("twap", 3.0), order("vwap", None)]),
}


@pytest.mark.parametrize("orders", CASES.values(), ids=CASES)
def test_little_is_drawn_nevertheless(orders: pd.DataFrame, tmp_path: Path) -> None:
    assert 0 < ink(orders, tmp_path / "little.png") < ink(many(), tmp_path / "many.png")


def test_every_session_counts_in_the_money(tmp_path: Path) -> None:
    two = pd.concat([costs(twap=[5.0]), costs(twap=[5.0]).assign(session=date(2024, 11, 22))])
    assert ink(two, tmp_path / "two.png") != ink(two.iloc[:1], tmp_path / "one.png")
