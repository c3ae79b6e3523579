"""What the report says of a measure is what ``quality`` says of it."""

from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from quality_tables import CLOSE, DAY, at, bar, quote, recorded
from small_ledger import Says, records
from traded_session import ACCOUNT, events, fill, measure, open_desk, plan_orders, release

from orderworks.ledger.connection import Ledger
from orderworks.ledger.movements import book
from orderworks.model.fill import Fill
from orderworks.model.order import Side
from orderworks.model.state import OrderEvent, OrderState
from orderworks.report import wording
from orderworks.report.content import gather
from orderworks.report.figures import MEASURES
from orderworks.report.page import render


@pytest.fixture
def measured(ledger: Ledger, tmp_path: Path) -> Ledger:
    """A session of two orders; of the last fill of one nothing is known that is later than a few seconds."""
    market = recorded(
        tmp_path,
        [quote(30, 10.04, 10.06), quote(300, 10.07, 10.09), quote(2500, 10.10, 10.14)],
        [bar(90, 10.06, 3000), bar(2480, 10.12, 500)],
    )
    lease = open_desk(ledger)
    plan_orders(ledger, "daily", ["p", "q", "never-filled"])
    for name in ("p", "q", "never-filled"):
        release(ledger, lease, name)
    fill(ledger, lease, "p", 100, "10.07")
    fill(ledger, lease, "q", 1000, "10.04")
    completed = [
        record
        for name in ("p", "p-0")
        for record in events(name, 2495, OrderState.PARTIALLY_FILLED, OrderEvent.COMPLETE)
    ]
    last = Fill("x-p.2", "p-0", "A", Side.BUY, 900, Decimal("10.11"), Decimal(6), at(2495))
    book(ledger, lease, completed, [last])
    measure(ledger, market)
    return ledger


def test_the_report_and_the_command_say_the_same(measured: Ledger, says: Says) -> None:
    asked = ("quality", "--by", "day", "--account", ACCOUNT, "--format", "json")
    (day,) = records(says(*asked))
    content = gather(measured, ACCOUNT, DAY, DAY, lambda _: None)
    known = {column: name for column, name in MEASURES.items() if day[column] is not None}
    assert set(MEASURES) - set(known) == {"market_adjusted_bps"}, "there is no other symbol"
    assert {one.name: one.bps for one in content.measures} == {
        name: pytest.approx(day[column], rel=1e-12) for column, name in known.items()
    }
    page = unescape(render(content, CLOSE))
    for column, name in known.items():
        (row,) = [line for line in page.splitlines() if f">{name}<" in line]
        assert row.endswith(f'<td class="n">{wording.bps(day[column])}</td></tr>')


def test_of_how_many_each_is_known_is_said(measured: Ledger) -> None:
    said = {
        one.name: wording.count(one.known, one.of)
        for one in gather(measured, ACCOUNT, DAY, DAY, lambda _: None).measures
    }
    assert said["Slippage against the arrival mid"] == "2 orders"
    assert said["Effective spread"] == "3 fills"
    assert said["Markout after 1 s (positive is good)"] == "3 fills"
    assert said["Markout after 1 min (positive is good)"] == "2 fills"
