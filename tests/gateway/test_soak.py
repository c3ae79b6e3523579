"""Whatever befalls the messages, the book says what the exchange has, and the gateway goes on."""

import asyncio
import random

import psycopg
import pytest
from ib_async import IB, StartupFetch, Trade

from orderworks.model.loopback import LOOPBACK

from .answers import Answer
from .clients import ACME, BOLT, limit, market_order
from .conftest import Serves
from .faults import CutAfter, CutBefore, Delay, Fault, Faults, Late, Lose, Say, Silence, Twice
from .gateway import Gateway
from .requests import Request
from .running import connected, settled

ORDERS = 25
CHANCE = 0.06

_ORDERS = "SELECT client_order_id, filled_quantity FROM exchange.orders WHERE account = %s"
_POSITIONS = "SELECT symbol, quantity FROM exchange.positions WHERE account = %s AND quantity <> 0"


def _everything(seed: int) -> Faults:
    """Each fault that needs no particular message, at the messages that orders live by."""
    requests: dict[Fault, float] = dict.fromkeys(
        (Lose(), CutBefore(), CutAfter(), Say(10349)), CHANCE
    )
    answers: dict[Fault, float] = dict.fromkeys(
        (Lose(), CutBefore(), CutAfter(), Twice(), Late(2), Delay(3)), CHANCE
    )
    return Faults(
        rates={
            Request.PLACE_ORDER: requests | {Silence(): CHANCE},
            Request.CANCEL_ORDER: requests,
            Answer.OPEN_ORDER: answers,
            Answer.ORDER_STATUS: answers,
            Answer.EXECUTION: answers,
            Answer.COMMISSION: answers,
        },
        seed=seed,
    )


async def _reconnected(ib: IB, port: int) -> None:
    """Connects until it holds, and asks for nothing: each answer might be cut."""
    while not ib.isConnected():
        try:
            await ib.connectAsync(LOOPBACK, port, 1, timeout=0.5, fetchFields=StartupFetch(0))
        except (TimeoutError, ConnectionError):
            await asyncio.sleep(0.01)


async def _settled_or_cut(ib: IB) -> None:
    """Returns when the gateway has taken what was sent, or the line was cut: then it may be lost."""
    if not ib.isConnected():
        return
    told = asyncio.ensure_future(ib.reqCurrentTimeAsync())
    cut = asyncio.ensure_future(ib.disconnectedEvent)
    await asyncio.wait((told, cut), timeout=5, return_when=asyncio.FIRST_COMPLETED)
    for one in (told, cut):
        one.cancel()


async def _trade(gateway: Gateway, ib: IB, port: int, seed: int) -> None:
    draws = random.Random(seed)
    placed: list[Trade] = []
    for number in range(ORDERS):
        await _reconnected(ib, port)
        ib.client.updateReqId(1_000 * (number + 1))
        contract = draws.choice((ACME, BOLT))
        side, quantity, ref = draws.choice(("BUY", "SELL")), draws.randint(1, 120), f"ow-{number}"
        if draws.random() < 0.5:
            order = market_order(side, quantity, orderRef=ref)
        else:
            price = 99 if contract.symbol == "ACME" else 50
            order = limit(side, quantity, price, orderRef=ref)
        placed.append(ib.placeOrder(contract, order))
        if draws.random() < 0.3:
            ib.client.cancelOrder(draws.choice(placed).order.orderId)
        await _settled_or_cut(ib)
        await gateway.advance(draws.choice((0, 1, 2)))


@pytest.mark.parametrize("seed", range(4))
async def test_the_book_is_what_the_exchange_has(
    serves: Serves, broker_url: str, account: str, seed: int
) -> None:
    async with serves(faults=_everything(seed)) as (gateway, port):
        ib = IB()
        await _trade(gateway, ib, port, seed)
        ib.disconnect()
        gateway.faults.rates = {}
        await gateway.advance(10)
        book = gateway.brokerage.book
        async with connected(port, 9) as other:
            shown = {trade.order.permId for trade in await other.reqAllOpenOrdersAsync()}
            found = {fill.execution.execId for fill in other.fills()}
            positions = {one.contract.symbol: one.position for one in other.positions()}
            await settled(other)
        assert shown == {order.perm_id for order in book.live()}
        assert found == {one.exec_id for one in book.executions}
        assert set(book.by_ref().values()) <= {1}
        befell = {entry.fault for entry in gateway.log.entries}
        with psycopg.connect(broker_url) as record:
            orders = record.execute(_ORDERS, (account,)).fetchall()
            held = record.execute(_POSITIONS, (account,)).fetchall()
        assert dict(orders) == {one.name: one.filled for one in book.orders.values()}
        assert len(orders) == len(book.orders) > ORDERS / 4
        assert positions == dict(held)
        assert len(befell) > 5
