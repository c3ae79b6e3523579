"""Values and charts as a person reads them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.blotter.cells import cell, progress
from orderworks.blotter.chart import HEIGHT, WIDTH, cost_chart
from orderworks.ledger.resource import Kind

SESSION = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("name", "kind", "value", "shown"),
    [
        ("price", Kind.MONEY, Decimal("1234567.5"), "1,234,567.50"),
        ("price", Kind.MONEY, Decimal("100.0266666666666667"), "100.0267"),
        ("price", Kind.MONEY, Decimal("-0.10"), "-0.10"),
        ("quantity", Kind.INTEGER, 1_200, "1,200"),
        ("slippage_arrival_bps", Kind.MEASURE, 12.345, "+12.3"),
        ("slippage_arrival_bps", Kind.MEASURE, -0.01, "0.0"),
        ("fill_rate", Kind.MEASURE, 0.954, "95 %"),
        ("latency_ack_ms", Kind.MEASURE, 1_234.5, "1,234"),
        ("held", Kind.FLAG, False, "no"),
        ("session", Kind.DATE, SESSION, "2026-11-20"),
        ("strategy", Kind.TEXT, "momentum", "momentum"),
    ],
)
def test_a_value_is_shown_so(name: str, kind: Kind, value: object, shown: str) -> None:
    assert cell(name, kind, value) == shown


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_is_not_known_is_no_zero(value: float | None) -> None:
    assert ">-<" in cell("shortfall_bps", Kind.MEASURE, value)


def test_a_time_is_new_yorks_and_utc_stands_behind_it() -> None:
    shown = cell("ts", Kind.TIME, datetime(2026, 11, 20, 14, 35, 1, tzinfo=UTC))
    assert ">20 Nov 09:35:01<" in shown
    assert 'title="2026-11-20 14:35:01.000000 UTC"' in shown


def test_text_of_the_ledger_is_escaped_where_markup_is_made() -> None:
    assert "<b>" not in cell("state", Kind.TEXT, "<b>")
    assert "<b>" not in progress(1, 2, "<b>")


@given(
    st.lists(
        st.none() | st.floats(-1e6, 1e6, allow_nan=False) | st.just(float("nan")),
        min_size=1,
        max_size=80,
    )
)
def test_a_chart_stays_in_its_frame_and_has_a_bar_for_each_known_session(
    values: list[float | None],
) -> None:
    sessions = [(SESSION + timedelta(days=day), value) for day, value in enumerate(values)]
    known = [value for value in values if value is not None and value == value]
    drawn = cost_chart(sessions, "Shortfall")
    if not known:
        assert drawn == ""
        return
    bars = ElementTree.fromstring(drawn).findall("rect")  # noqa: S314
    assert len(bars) == len(known)
    assert [bar.get("class") for bar in bars] == ["cost" if one > 0 else "gain" for one in known]
    for bar in bars:
        x, y, width, height = (float(bar.get(name, "")) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + width <= WIDTH + 1
        assert 0 <= y <= y + height <= HEIGHT
