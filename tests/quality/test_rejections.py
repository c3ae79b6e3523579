"""Rejections: one alert for each reason of a run, however many orders it refused."""

from datetime import UTC, datetime

from orderworks.ledger.rejections import RejectedOrder
from orderworks.quality.rejections import EXAMPLES, rejections

AT = datetime(2026, 11, 20, 15, tzinfo=UTC)


def rejected(number: int, reason: str | None, symbol: str = "ACME") -> RejectedOrder:
    return RejectedOrder("daily:2026-11-20", f"o{number}", "buy", 100, symbol, reason)


def test_one_reason_is_one_alert_whatever_numbers_and_symbols_it_names() -> None:
    orders = [
        rejected(n, f"limit {n}.25 of S{n} is through the market of 99.5", f"S{n}")
        for n in range(500)
    ]
    (alert,) = rejections(orders, AT)
    assert alert.message == (
        "500 orders of run 'daily:2026-11-20' were rejected, such as buy 100 S0 (o0): "
        "limit 0.25 of S0 is through the market of 99.5"
    )
    assert alert.payload["orders"] == 500
    assert len(alert.payload["examples"]) == EXAMPLES
    assert alert.client_order_id is None


def test_two_reasons_are_two_and_one_order_is_named() -> None:
    orders = [rejected(1, "PRICE_BAND"), rejected(2, None), rejected(3, "PRICE_BAND")]
    band, none = rejections(orders, AT)
    assert (band.payload["orders"], none.client_order_id) == (2, "o2")
    assert none.message == "buy 100 ACME (o2) was rejected: no reason was given"


def test_more_of_the_same_has_the_same_cause() -> None:
    (first,) = rejections([rejected(1, "limit 1 is too far")], AT)
    (more,) = rejections([rejected(1, "limit 1 is too far"), rejected(2, "limit 2 is too far")], AT)
    assert first.cause == more.cause


def test_nothing_rejected_is_nothing() -> None:
    assert rejections([], AT) == []
