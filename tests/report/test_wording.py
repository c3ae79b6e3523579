"""Numbers are written so that nothing is hidden: no zero below zero, no 100 % of less."""

from decimal import Decimal

import pytest

from orderworks.report import wording


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (wording.money(Decimal("-1234.565")), "−1,234.56"),
        (wording.money(Decimal("-0.001")), "0.00"),
        (wording.money(None), "–"),
        (wording.money(float("nan")), "–"),
        (wording.rounded(-1125.4), "−1,125"),
        (wording.bps(5.34), "+5.3"),
        (wording.bps(-0.04), "0.0"),
        (wording.bps(0.04), "0.0"),
        (wording.bps(10.04), "+10.0"),
        (wording.bps(0.1), "+0.1"),
        (wording.price(Decimal("10.05")), "10.05"),
        (wording.price(Decimal("10.0525")), "10.0525"),
        (wording.percent(0.9999), "99 %"),
        (wording.percent(0.0001), "1 %"),
        (wording.percent(1.0), "100 %"),
        (wording.percent(0), "0 %"),
        (wording.percent(None), "–"),
        (wording.duration(250.4), "250 ms"),
        (wording.duration(5_000), "5.0 s"),
        (wording.duration(600_000), "10 min"),
        (wording.duration(8_160_000), "2 h 16 min"),
        (wording.duration(None), "–"),
        (wording.count(1, "order"), "1 order"),
        (wording.count(2_000, "order"), "2,000 orders"),
        (wording.listed(()), ""),
        (wording.listed(("a", "b", "c")), "a, b and c"),
    ],
)
def test_how_numbers_are_written(written: str, said: str) -> None:
    assert written == said
