"""The page holds nothing but itself, and whatever was written into the ledger is only text in it."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from browser import DRIVER, PROGRAM, opened
from hypothesis import given
from hypothesis import strategies as st
from page_elements import Elements
from report_tables import AT, DAY, OPEN, content, days, experiment_orders, order

from orderworks.model.listing import Listing
from orderworks.report.content import Content, Schedule, Worked
from orderworks.report.figures import Day, Measure
from orderworks.report.page import render

HOSTILE = "<script>alert(1)</script><img src='http://evil.example/x'>\"'&{{ 7 * 7 }}]]>"


def hostile(text: str) -> Content:
    """A session in which every text of the ledger is this."""
    bad = order(
        text, symbol=text, strategy=text, route_rule=text, algo=text, order_type=text, side="buy"
    )
    fills = [{"ts": OPEN, "quantity": 5, "price": Decimal("10.07"), "limit_price": None}]
    return content(
        bad,
        account=text,
        days=days(1.0, 2.0),
        measures=[Measure("Price impact", 1, "fill", 1.5)],
        worst=[Worked(bad, fills, None)],
        schedules=[Schedule(DAY, [(OPEN, 5.0)], [])],
        drawn=experiment_orders(4, experiment=text, control=text, treatment=text),
        rejects=Listing(
            ("at", "client_order_id", "symbol", "side", "quantity", "reason", "of"),
            [(OPEN, text, text, text, 5, text, 1)],
        ),
        refusals=Listing(("code", "signals", "symbol", "reason"), [(text, 1, text, text)]),
        breaks=Listing(
            ("at", "kind", "subject", "ours", "theirs", "resolution", "open", "of", "open_of"),
            [(OPEN, text, text, text, text, text, False, 1, 0)],
        ),
        alerts=Listing(("at", "kind", "message", "of"), [(OPEN, text, text, 1)]),
    )


PLAIN = Elements(render(hostile("plain"), AT))


@given(
    st.one_of(
        st.just(HOSTILE),
        st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1),
    )
)
def test_a_text_brings_in_no_element_and_no_attribute(text: str) -> None:
    page = Elements(render(hostile(text), AT))
    assert page.elements == PLAIN.elements
    assert page.attributes.keys() == PLAIN.attributes.keys()


def test_a_hostile_text_is_shown_as_it_is() -> None:
    page = render(hostile(HOSTILE), AT)
    assert HOSTILE in Elements(page).text
    assert "<script" not in page


def test_it_refers_to_nothing_outside() -> None:
    assert not PLAIN.attributes.keys() & {"src", "href", "srcset", "action", "onload", "onclick"}
    (policy,) = {
        value for value in PLAIN.attributes["content"] if value and value.startswith("default-src")
    }
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert not re.search(r"url\(|@import|@font-face", render(hostile("plain"), AT))


def test_a_day_without_orders_says_so() -> None:
    page = Elements(render(content(days=days(1.0, 2.0, 3.0)), AT))
    assert "No order was sent in this session: there is nothing to measure." in page.text
    assert "The days before" in page.text
    assert "Where it cost" not in page.text
    empty = Elements(render(content(), AT))
    assert "svg" not in empty.elements


def test_what_is_missing_is_shown_as_missing() -> None:
    unknown = dict.fromkeys(
        ("arrival_price", "average_price", "shortfall_total", "shortfall_bps", "latency_ack_ms")
    )
    page = Elements(render(content(order(**unknown)), AT))
    assert "cost is not known" in page.text
    assert "Where it cost" not in page.text
    assert "How long it took" not in page.text
    assert "None" not in page.text
    assert "nan" not in page.text


def test_an_order_without_quotes_is_charted_and_says_so() -> None:
    assert "No quotes of this time are on record." in PLAIN.text
    one = order()
    quotes = pd.DataFrame(
        {
            "ts": pd.to_datetime([OPEN, OPEN + timedelta(minutes=1)]).astype("datetime64[us, UTC]"),
            "bid": [10.0, 10.1],
            "ask": [10.1, 0.0],
        }
    )
    page = Elements(render(content(one, worst=[Worked(one, [], quotes)]), AT))
    assert "No quotes of this time" not in page.text
    assert "No fill of ow-1." in page.text


def a_full_day() -> Content:
    """Orders of several routes and hours, each of a cost of its own, with quotes; made, not traded."""
    orders: list[dict[str, Any]] = []
    for number in range(60):
        paid = Decimal("10.05") + Decimal(number % 7 - 3) / 100
        orders.append(
            order(
                f"ow-{number:04d}",
                symbol=("ACME", "BOLT", "RUSH", "SLIM")[number % 4],
                route_rule=("SMALL", "MEDIUM", "LARGE", "WIDE_SPREAD")[number % 4],
                algo="twap" if number % 4 == 2 else "none",
                hour=9 + number % 7,
                filled_notional=paid * 700,
                shortfall_execution=(paid - Decimal("10.05")) * 700,
                shortfall_total=(paid - Decimal("10.05")) * 700 + 35 + 24 + 14,
            )
        )
    when = pd.date_range(OPEN - timedelta(minutes=1), periods=600, freq="s")
    waves = pd.Series(range(600)).mod(40).sub(20).abs().div(400)
    quotes = pd.DataFrame({"ts": when, "bid": 10.0 + waves, "ask": 10.02 + waves})
    fills = [
        {
            "ts": OPEN + timedelta(seconds=30 * number),
            "quantity": 100 + 20 * number,
            "price": Decimal("10.03") + Decimal(number) / 500,
            "limit_price": Decimal("10.08"),
        }
        for number in range(7)
    ]
    dearest = sorted(orders, key=lambda one: -one["shortfall_total"])[:10]
    planned = [(OPEN + timedelta(minutes=minute), 10_000.0) for minute in range(0, 360, 6)]
    return replace(
        hostile("an exchange's reason, at some length, so that it must be folded somewhere"),
        account="SIM1",
        orders=orders,
        days=[
            *days(*(float(n % 9 - 3) for n in range(20))),
            Day(DAY, 60, Decimal(4338), 72.3, Decimal(600_000)),
        ],
        measures=[
            Measure("Slippage against the arrival mid", 60, "order", 1.4),
            Measure("Markout after 1 s (positive is good)", 420, "fill", -0.3),
        ],
        worst=[Worked(one, fills, quotes) for one in dearest],
        drawn=experiment_orders(60),
        schedules=[
            Schedule(DAY, planned, [(at + timedelta(minutes=9), 9_500.0) for at, _ in planned])
        ],
    )


@pytest.mark.proof
@pytest.mark.skipif(
    PROGRAM is None or DRIVER is None,
    reason="no browser here: install chromium and chromium-driver",
)
@pytest.mark.parametrize("kind", ["full", "empty"])
def test_it_is_read_in_a_browser_without_the_network(kind: str, tmp_path: Path) -> None:
    made = a_full_day() if kind == "full" else content(days=days(3.0, 4.0, 1.0))
    path = tmp_path / "report.html"
    path.write_text(render(made, AT), "utf-8")
    with opened(f"file://{path}") as page:
        for width in (1400, 390):
            for dark in (False, True):
                page.look(width, dark=dark)
                page.open("")
                page.keep_whole(f"report-{kind}-{width}-{'dark' if dark else 'light'}")
                assert page.requested() == [f"file://{path}"]
                assert page.violations() == []
                assert page.measure("document.documentElement.scrollWidth") <= width
        page.print_out()
        page.keep_whole(f"report-{kind}-print")
        assert page.measure("document.documentElement.scrollWidth <= innerWidth")
        assert page.violations() == []
