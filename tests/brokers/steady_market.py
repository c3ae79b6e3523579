"""Two symbols that are quoted and traded every second, and what is read in an exchange's reports."""

from small_market import QuoteRow, TradeRow

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.model.fill import Fill

SECONDS = range(1, 41)
QUOTES: list[QuoteRow] = [
    *((second, "A", 99.99, 100.01, 300, 200) for second in (-3, *SECONDS)),
    *((second, "B", 20.0 + second / 100, 20.02 + second / 100, 500, 500) for second in SECONDS),
    (1, "QUIET", 50.0, 50.1, 100, 100),
    (30, "LATE", 10.0, 10.02, 100, 100),
]
TRADES: list[TradeRow] = [
    (second, symbol, price, price, 1_000)
    for second in SECONDS
    for symbol, price in (("A", 100.0), ("B", 20.01 + second / 100))
]


def said(reports: list[Report]) -> list[tuple[ReportKind, str, str | None]]:
    return [(report.kind, report.client_order_id, report.reason) for report in reports]


def fills(reports: list[Report]) -> list[Fill]:
    return [report.fill for report in reports if report.fill is not None]
