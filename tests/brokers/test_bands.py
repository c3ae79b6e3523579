"""Limit-up/limit-down: the bands of the plan, and what may not trade outside them."""

from decimal import Decimal

import numpy as np
import pytest
from small_books import book_of, buy, fills, played, recorded

from orderworks.brokers.simulated.matching.bands import MINUTE, Bands, band_width, is_halted
from orderworks.brokers.simulated.matching.rules import Rules

OPEN, CLOSE = 0, 390 * MINUTE


def bands(*trades: tuple[int, int]) -> Bands:
    """Bands of a session in which these trades, minute and price in ten-thousandths, were."""
    ts = np.array([minute * MINUTE for minute, _ in trades], np.int64)
    counted = np.concatenate([[0], np.cumsum([price for _, price in trades])])
    return Bands(ts, counted, OPEN, CLOSE)


@pytest.mark.parametrize(
    ("reference", "width"),
    [
        ("100", "5"),
        ("3.01", "0.1505"),
        ("3", "0.60"),
        ("0.75", "0.15"),
        ("0.50", "0.15"),
        ("0.10", "0.075"),
    ],
)
def test_the_width_by_price(reference: str, width: str) -> None:
    assert band_width(Decimal(reference)) == Decimal(width)


def test_the_reference_is_the_mean_of_the_five_minutes_before() -> None:
    session = bands((100, 1_000_000), (104, 1_100_000), (106, 1_200_000))
    assert session.reference(99 * MINUTE) is None
    assert session.reference(100 * MINUTE) is None
    assert session.reference(105 * MINUTE - 1) == Decimal(105)
    assert session.reference(105 * MINUTE) == Decimal(110)
    assert session.reference(107 * MINUTE) == Decimal(115)
    assert session.reference(200 * MINUTE) == Decimal(120)


@pytest.mark.parametrize(("minute", "width"), [(15, 10), (16, 5), (365, 5), (366, 10)])
def test_the_bands_are_doubled_around_open_and_close(minute: int, width: int) -> None:
    session = bands((1, 1_000_000))
    at = minute * MINUTE
    assert session.permit(at, Decimal(100 + width))
    assert not session.permit(at, Decimal(100 + width) + Decimal("0.0001"))
    assert not session.permit(at, Decimal(100 - width) - Decimal("0.0001"))


def test_nothing_trades_outside_the_bands() -> None:
    at = 100 * MINUTE
    quotes = [(at, 1_000_000, 1_060_000, 50, 50), (at + 2, 1_000_000, 1_050_000, 50, 50)]
    trades = [(at + n, 1_000_000, 1_000_000, 90) for n in (1, 2)]
    tape = recorded(quotes, trades)
    for price_bands, expected in (
        (bands((99, 1_000_000)), [(1, at + 2, 9, 1_050_000)]),
        (None, [(1, at + 1, 9, 1_060_000)]),
    ):
        rules = Rules(participation_cap=1.0, bands=price_bands)
        book = book_of(tape, buy(1, 9), rules=rules)
        assert fills(played(book, at + 9)) == expected


def test_a_halt_lasts_from_after_its_start_to_its_end() -> None:
    assert [is_halted([(2, 4)], ts) for ts in range(1, 7)] == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]
