"""Examining a gateway: each question by itself, and what it costs the gateway."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from gateway.faults import Busy, Refuse
from gateway.gateway import LIVE_ACCOUNT, PAPER_ACCOUNT
from gateway.requests import Request
from gateway.running import connected
from served_broker import Served, Serving

from orderworks.brokers.ibkr.examination.judging import judge
from orderworks.brokers.ibkr.examination.looking import look_at
from orderworks.brokers.ibkr.examination.seen import QuotesSeen, Seen
from orderworks.brokers.ibkr.examination.unseen import unseen
from orderworks.brokers.ibkr.market.line import data_ids
from orderworks.model.errors import Unreachable
from orderworks.model.finding import Finding, Level

HARMLESS = {
    Request.START_API,
    Request.POSITIONS,
    Request.ALL_OPEN_ORDERS,
    Request.CURRENT_TIME,
    Request.CONTRACT_DETAILS,
    Request.MARKET_DATA_TYPE,
    Request.MARKET_DATA,
    Request.CANCEL_MARKET_DATA,
}
"""What an examination may ask: none of it changes anything."""


async def examined(
    served: Served,
    *,
    mode: str = "paper",
    highest: int = 0,
    worker: str | None = None,
    ahead: float = 0.0,
    **changes: Any,
) -> Mapping[str, Finding]:
    """The findings by subject, by a clock that the gateway's is so many seconds ahead of."""
    settings = served.settings(**changes)

    def now() -> datetime:
        return served.gateway.clock.now() - timedelta(seconds=ahead)

    seen = await look_at(settings, "ACME", now, in_use=worker is not None)
    found = judge(seen, settings, mode, highest=highest, worker=worker)
    return {one.subject: one for one in found}


def failing(found: Mapping[str, Finding]) -> set[str]:
    return {subject for subject, one in found.items() if one.level is Level.FAILS}


async def test_a_sound_gateway_fails_in_nothing_and_is_asked_for_nothing_that_changes_anything(
    serving: Serving,
) -> None:
    async with serving() as served:
        found = await examined(served)
        asked = {one.kind for one in served.gateway.log.entries if isinstance(one.kind, Request)}
    assert {one.level for one in found.values()} == {Level.OK}
    assert asked <= HARMLESS
    assert "server version 178" in found["gateway"].sentence
    assert "quotes of ACME are live" in found["market data"].sentence


async def test_an_account_that_the_gateway_does_not_manage(serving: Serving) -> None:
    async with serving() as served:
        found = await examined(served, account_id="DU7654321")
    assert failing(found) == {"account"}
    assert f"manages {PAPER_ACCOUNT} and only DU7654321" in found["account"].sentence


@pytest.mark.parametrize(
    ("managed", "mode", "configured"),
    [(PAPER_ACCOUNT, "paper", LIVE_ACCOUNT), (LIVE_ACCOUNT, "live", PAPER_ACCOUNT)],
)
async def test_an_account_id_of_the_other_mode(
    serving: Serving, managed: str, mode: str, configured: str
) -> None:
    async with serving(managed) as served:
        found = await examined(served, mode=mode, account_id=configured)
    assert failing(found) == {"account", "mode"}
    assert f"asks for {mode} trading" in found["mode"].sentence


async def test_a_gateway_that_is_logged_in_to_live_trading(serving: Serving) -> None:
    async with serving(LIVE_ACCOUNT) as served:
        found = await examined(served)
    assert failing(found) == {"account"}
    assert f"live account {LIVE_ACCOUNT}" in found["account"].sentence


async def test_a_client_id_in_use_is_left_to_who_has_it(serving: Serving) -> None:
    async with serving() as served, connected(served.port, client_id=1) as other:
        found = await examined(served)
        assert await asyncio.wait_for(other.reqCurrentTimeAsync(), 5)
    assert failing(found) == {"client id"}
    assert "is in use" in found["client id"].sentence
    assert found["order numbers"].level is Level.WARNING


async def test_the_client_id_of_a_run_at_work_is_not_even_tried(serving: Serving) -> None:
    async with serving() as served:
        found = await examined(served, worker="process 7 on host")
        ids = {int(one["clientId"]) for one in served.gateway.log.of(Request.START_API)}
    assert ids == {data_ids(1)[0]}
    assert found["client id"].level is Level.OK
    assert "process 7 on host" in found["client id"].sentence


async def test_an_id_of_market_data_in_use_is_passed_over(serving: Serving) -> None:
    async with serving() as served:
        served.gateway.faults.script = {(Request.START_API, 2): Busy()}
        assert failing(await examined(served)) == set()


async def test_nothing_listening_is_said(serving: Serving) -> None:
    async with serving() as served:
        with pytest.raises(Unreachable, match="nothing listens there"):
            await examined(served, port=1, connect_seconds=0.3)


async def test_a_version_that_is_too_old_to_talk_to(serving: Serving) -> None:
    async with serving(version=150) as served:
        with pytest.raises(Unreachable, match=r"too old .*update the gateway"):
            await examined(served, connect_seconds=0.3)


async def test_an_old_version_is_a_warning(serving: Serving) -> None:
    async with serving(version=163) as served:
        found = await examined(served)
    assert failing(found) == set()
    assert found["gateway"].level is Level.WARNING


@pytest.mark.parametrize(("allowed", "level"), [(False, Level.FAILS), (True, Level.WARNING)])
async def test_delayed_quotes(serving: Serving, allowed: bool, level: Level) -> None:
    async with serving(has_live_data=False, speed=0.0) as served:
        await served.gateway.advance(901)
        found = await examined(served, allow_delayed_quotes=allowed)
    assert found["market data"].level is level
    assert "are delayed" in found["market data"].sentence


async def test_quotes_that_are_refused(serving: Serving) -> None:
    async with serving() as served:
        served.gateway.faults.next(Request.MARKET_DATA, Refuse(354))
        found = await examined(served)
    assert failing(found) == {"market data"}
    assert "not subscribed" in found["market data"].sentence


async def test_a_gateway_that_is_read_only(serving: Serving) -> None:
    async with serving() as served:
        served.gateway.faults.next(Request.ALL_OPEN_ORDERS, Refuse(321))
        found = await examined(served)
    assert failing(found) == {"orders"}
    assert "untick Read-Only API" in found["orders"].sentence


@pytest.mark.parametrize(
    ("ahead", "level"),
    [(0.0, Level.OK), (-10.0, Level.WARNING), (10.0, Level.WARNING), (90.0, Level.FAILS)],
)
async def test_a_clock_that_is_off(serving: Serving, ahead: float, level: Level) -> None:
    async with serving() as served:
        found = await examined(served, ahead=ahead)
        by_the_gateway = await examined(served, ahead=ahead, clock="gateway")
    assert found["clock"].level is level
    assert by_the_gateway["clock"].level is Level.OK


@pytest.mark.parametrize(("highest", "level"), [(0, Level.OK), (5_000, Level.WARNING)])
async def test_order_numbers_that_went_back(serving: Serving, highest: int, level: Level) -> None:
    async with serving() as served:
        found = await examined(served, highest=highest)
    assert found["order numbers"].level is level


async def test_what_the_gateway_does_not_say_by_itself(serving: Serving) -> None:
    async with serving() as served:
        settings = served.settings(port=4002)
    seen = Seen("here", 178, (PAPER_ACCOUNT,), 1, None, 0.0, QuotesSeen("SPY", None, ""))
    found = {one.subject: one for one in judge(seen, settings, "paper", highest=0, worker=None)}
    assert found["market data"].level is Level.WARNING
    frozen = replace(seen, quotes=QuotesSeen("SPY", 2, ""))
    found = {one.subject: one for one in judge(frozen, settings, "paper", highest=0, worker=None)}
    assert found["market data"].level is Level.FAILS
    live_port = settings.model_copy(update={"port": 4001})
    found = {one.subject: one for one in judge(seen, live_port, "paper", highest=0, worker=None)}
    assert failing(found) == {"mode"}


def test_what_cannot_be_seen_is_listed_to_be_looked_at() -> None:
    told = unseen()
    assert {one.level for one in told} == {Level.LOOK}
    assert any("resubmit" in one.subject for one in told)
