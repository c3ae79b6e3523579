"""The picture is written, says what it has to, and costs nothing until it is asked for."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from matplotlib.image import imread
from pandas import DataFrame
from quality_tables import CLOSE, DAY, fill, fills_table, parent, parents_table, quote, recorded

from orderworks.quality.chart import slippage_chart
from orderworks.quality.measuring import measure_orders


def rows_of(tmp_path: Path, orders: int, filled: int) -> DataFrame:
    market = recorded(tmp_path, [quote(30, 10.04, 10.06)])
    fills = [fill(500, str(Decimal("10.00") + Decimal(i) / 500), of=f"p{i}") for i in range(filled)]
    parents = [parent(f"p{i}") for i in range(orders)]
    return measure_orders(parents_table(*parents), fills_table(*fills), market, CLOSE)


def drawn(rows: DataFrame, path: Path, threshold: float = 10) -> tuple[tuple[int, ...], float]:
    """The picture's shape, and the part of it that is ink."""
    slippage_chart(rows, path, "U$1_$a", DAY, threshold)
    assert path.read_bytes().startswith(b"\x89PNG")
    picture = imread(path)
    return picture.shape, float((picture[..., :3] < 0.99).any(axis=2).mean())


@pytest.mark.proof
def test_at_most_thirty_orders_are_drawn(tmp_path: Path) -> None:
    heights = [
        drawn(rows_of(tmp_path / str(n), n, n), tmp_path / f"{n}.png")[0][0] for n in (3, 30, 60)
    ]
    assert heights[0] < heights[1] == heights[2]


@pytest.mark.parametrize("orders", [0, 3])
def test_a_day_without_fills_says_so_in_place_of_bars(tmp_path: Path, orders: int) -> None:
    _, nothing = drawn(rows_of(tmp_path, orders, 0), tmp_path / "none.png")
    _, something = drawn(rows_of(tmp_path, 3, 3), tmp_path / "some.png")
    assert 0 < nothing < something / 4


def test_fills_without_an_arrival_price_are_drawn_nevertheless(tmp_path: Path) -> None:
    market = recorded(tmp_path, [])
    rows = measure_orders(
        parents_table(parent(arrival_bid=None)), fills_table(fill(500, "10.07")), market, CLOSE
    )
    shape, ink = drawn(rows, tmp_path / "unknown.png")
    assert shape[0] > 0
    assert ink > 0


def test_an_order_at_the_threshold_does_not_stand_out(tmp_path: Path) -> None:
    """10 bps over a mid of 30 is a little more in floats."""
    order = parent(arrival_bid=Decimal(30), arrival_ask=Decimal(30))
    market = recorded(tmp_path, [])
    rows = measure_orders(parents_table(order), fills_table(fill(7, "30.03")), market, CLOSE)
    assert rows["slippage_arrival_bps"].item() > 10
    pictures = [tmp_path / "at.png", tmp_path / "below.png"]
    for path, threshold in zip(pictures, (10, 10.000000001), strict=True):
        drawn(rows, path, threshold)
    at_it, below_it = map(imread, pictures)
    assert (at_it == below_it).all()


def test_matplotlib_is_loaded_only_to_draw_and_without_its_global_state(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "import orderworks.quality.chart as chart\n"
        "assert 'matplotlib' not in sys.modules\n"
        "import datetime, pandas\n"
        "from pathlib import Path\n"
        "empty = pandas.DataFrame({'slippage_arrival_bps': [], 'filled_quantity': []})\n"
        f"chart.slippage_chart(empty, Path({str(tmp_path / 'x.png')!r}), 'A',"
        " datetime.date(2026, 11, 20), 10)\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
