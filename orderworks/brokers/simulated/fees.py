"""What regulators charge on the sale of US stocks: the SEC fee and FINRA's Trading Activity Fee.

Both are charged on sales only and at the rate of the day of the trade. The SEC fee is a part of
the money that changes hands; the TAF is a price a share with a cap a trade.

Sources: SEC, Section 31 fee rate advisories and the Federal Register's orders making annual and
mid-year adjustments to transaction fee rates, fiscal years 2012 to 2026 (77 FR 3818 and 13663,
78 FR 25515, 80 FR 2978, 81 FR 1458, 82 FR 25895, 83 FR 17577, 85 FR 2218, 88 FR 5051, 89 FR
29402, 91 FR 10643); FINRA By-Laws, Schedule A, section 1, Regulatory Notices 11-27 and 12-06,
and rule filings SR-FINRA-2012-023, -2020-032, -2024-019, -2026-020 and -2026-021.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from orderworks.model.exact import Number, to_positive, to_positive_whole, to_side
from orderworks.model.order import Side

ONE_MILLION = 1_000_000
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class TradingActivityFee:
    """FINRA's fee: money a share sold, and the most that one trade can cost."""

    per_share: Decimal
    maximum: Decimal


def _taf(per_share: str, maximum: str) -> TradingActivityFee:
    return TradingActivityFee(Decimal(per_share), Decimal(maximum))


SEC_FEE_PER_MILLION: tuple[tuple[date, Decimal], ...] = (
    (date(2011, 1, 21), Decimal("19.20")),
    (date(2012, 2, 21), Decimal("18.00")),
    (date(2012, 4, 1), Decimal("22.40")),
    (date(2013, 5, 25), Decimal("17.40")),
    (date(2014, 3, 18), Decimal("22.10")),
    (date(2015, 2, 14), Decimal("18.40")),
    (date(2016, 2, 16), Decimal("21.80")),
    (date(2017, 7, 4), Decimal("23.10")),
    (date(2018, 5, 22), Decimal("13.00")),
    (date(2019, 4, 16), Decimal("20.70")),
    (date(2020, 2, 18), Decimal("22.10")),
    (date(2021, 2, 25), Decimal("5.10")),
    (date(2022, 5, 14), Decimal("22.90")),
    (date(2023, 2, 27), Decimal("8.00")),
    (date(2024, 5, 22), Decimal("27.80")),
    (date(2025, 5, 14), Decimal("0.00")),
    (date(2026, 4, 4), Decimal("20.60")),
)
"""Dollars for each million dollars of sales, from each day on."""

TAF: tuple[tuple[date, TradingActivityFee], ...] = (
    (date(2011, 7, 1), _taf("0.000090", "4.50")),
    (date(2012, 3, 1), _taf("0.000095", "4.75")),
    (date(2012, 7, 1), _taf("0.000119", "5.95")),
    (date(2022, 1, 1), _taf("0.000130", "6.49")),
    (date(2023, 1, 1), _taf("0.000145", "7.27")),
    (date(2024, 1, 1), _taf("0.000166", "8.30")),
    (date(2026, 1, 1), _taf("0.000195", "9.79")),
    # A holiday for the last quarter of 2026; the rate that it interrupts is held through 2028.
    (date(2026, 10, 1), _taf("0", "0")),
    (date(2027, 1, 1), _taf("0.000195", "9.79")),
)
"""FINRA's fee from each day on."""

Rate = TypeVar("Rate", Decimal, TradingActivityFee)


def regulatory_fees(side: Side | str, shares: Number, price: Number, on: date) -> Decimal:
    """What one trade of ``shares`` at ``price`` owes the regulators, unrounded; a buy nothing.

    ``on`` is the day of the trade at the exchange.

    Raises:
        ValueError: naming the argument; ``on`` where it is before the tables begin.
    """
    trade_side = to_side(side)
    count = to_positive_whole(shares, "shares")
    value = count * to_positive(price, "price")
    return fees_on(on).of(trade_side, count, value)


@dataclass(frozen=True, slots=True)
class RegulatoryFees:
    """The fees of one day."""

    sec_fee_per_million: Decimal
    taf: TradingActivityFee

    def of(self, side: Side, shares: int, value: Decimal) -> Decimal:
        """What one trade of so many shares and so much money owes, unrounded; a buy nothing."""
        if side is Side.BUY:
            return NOTHING
        taf = min(shares * self.taf.per_share, self.taf.maximum)
        return value * self.sec_fee_per_million / ONE_MILLION + taf


def fees_on(day: date) -> RegulatoryFees:
    """The fees that trades of a day owe.

    Raises:
        ValueError: naming ``on``, where the tables do not say.
    """
    return RegulatoryFees(rate_on(SEC_FEE_PER_MILLION, day), rate_on(TAF, day))


def rate_on(table: Sequence[tuple[date, Rate]], on: date) -> Rate:
    """The rate of a dated table that is in force ``on`` a day.

    Raises:
        ValueError: naming ``on``, where it is a moment and not a day, or before the table begins.
    """
    if isinstance(on, datetime) or not isinstance(on, date):
        raise ValueError(f"on must be a day, not {on!r}")
    place = bisect_right(table, on, key=lambda row: row[0])
    if not place:
        raise ValueError(f"on must not be before {table[0][0]}, where the rates begin, not {on}")
    return table[place - 1][1]
