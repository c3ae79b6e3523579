"""What makes a quote unsound, and in which order it is said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from orderworks.model.quote import Quote, QuoteProblem

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SOUND = Quote("A", NOW - timedelta(seconds=5), Decimal("10.00"), Decimal("10.01"), 100, 200)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"bid": Decimal("10.01")}, None),
        ({"ts": NOW - timedelta(seconds=60)}, None),
        ({"ts": NOW + timedelta(seconds=1)}, None),
        ({"bid": Decimal("10.02")}, QuoteProblem.CROSSED),
        ({"bid": Decimal(0)}, QuoteProblem.ONE_SIDED),
        ({"ask": Decimal(0)}, QuoteProblem.ONE_SIDED),
        ({"bid_size": 0}, QuoteProblem.ONE_SIDED),
        ({"ask_size": 0}, QuoteProblem.ONE_SIDED),
        ({"ts": NOW - timedelta(seconds=60, microseconds=1)}, QuoteProblem.STALE),
        ({"ask": Decimal(0), "ts": NOW - timedelta(hours=1)}, QuoteProblem.ONE_SIDED),
        ({"bid": Decimal(11), "ts": NOW - timedelta(hours=1)}, QuoteProblem.CROSSED),
    ],
)
def test_what_makes_a_quote_unsound(
    changes: dict[str, object], problem: QuoteProblem | None
) -> None:
    assert replace(SOUND, **changes).problem(NOW, timedelta(seconds=60)) is problem


def test_the_mid_is_exact() -> None:
    assert SOUND.mid == Decimal("10.005")
