"""The market's time stands, runs, and is moved."""

from datetime import timedelta

from .clients import limit, placed
from .conftest import Serves
from .market_clock import MarketClock
from .running import connected, until
from .small_session import at


def test_it_runs_at_its_speed_and_never_back() -> None:
    wall = [100.0]
    clock = MarketClock(at(0), speed=60, monotonic=lambda: wall[0])
    wall[0] += 2
    assert clock.now() == at(120)
    clock.move_to(at(60))
    assert clock.now() == at(120)
    clock.run(0)
    wall[0] += 5
    assert clock.now() == at(120)
    clock.move_to(at(500))
    assert clock.now() == at(500)


async def test_a_market_that_runs_fills_orders_by_itself(serves: Serves) -> None:
    async with serves(speed=100) as (gateway, port), connected(port) as ib:
        trade = placed(ib, limit("BUY", 10, 99.05))
        await until(ib, lambda: trade.orderStatus.status == "Filled")
        assert gateway.clock.now() - at(20) < timedelta(minutes=5)
