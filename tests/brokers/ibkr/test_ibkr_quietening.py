"""Answers that were to be expected are no errors on anybody's screen; the others are."""

import asyncio
import logging

import pytest
from gateway.small_session import SESSION
from served_broker import Serving, kinds, limit

from orderworks.brokers.ibkr.market.feed import IbkrMarket
from orderworks.brokers.ibkr.quietening import is_news, quieten


def line(text: str) -> logging.LogRecord:
    return logging.LogRecord("ib_async.wrapper", logging.ERROR, "", 0, text, None, None)


@pytest.mark.parametrize(
    ("text", "news"),
    [
        ("Error 202, reqId 7: Order Canceled - reason:", False),
        ("Error 162, reqId 9: HMDS query returned no data: A@SMART Trades", False),
        ("Error 201, reqId 7: Order rejected - reason: 202", False),
        ("Error 9999, reqId 7: what nobody has heard of", True),
        ("completed orders request timed out after Error 202, reqId 7", True),
        ("tickSize: Unknown reqId: 202", True),
    ],
)
def test_an_error_that_has_a_meaning_is_told_in_our_words(text: str, news: bool) -> None:
    assert is_news(line(text)) is news


def test_a_logger_is_quietened_once() -> None:
    logger = logging.getLogger("a logger of this test")
    for _ in range(3):
        quieten(logger)
    assert logger.filters == [is_news]


async def test_a_cancel_and_bars_that_are_not_there_are_no_errors(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving() as served, served.working() as broker:
        await broker.submit_orders([limit("a", 100, "90")])
        assert kinds(await broker.cancel_orders(["ow-a"])) == ["CANCELLED"]
        feed = IbkrMarket(served.settings(), served.gateway.clock.now)
        try:
            # It has no daily bars.
            adv = await asyncio.to_thread(feed.average_daily_volume, ["BRK.B"], SESSION.date)
        finally:
            await asyncio.to_thread(feed.close)
        assert adv.isna().all()
        assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []
