"""What the exchange keeps: over its processes, and from one session to the next."""

from datetime import timedelta

import psycopg
import pytest
from small_market import LATER, SESSION, Opens, at, order
from steady_market import fills

from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.latency import Latencies
from orderworks.market.replay import ReplayMarket
from orderworks.model.errors import BrokerError, SessionOver
from orderworks.model.order import TimeInForce
from orderworks.model.state import OrderState


def test_one_process_at_a_time(
    exchange: SimulatedExchange, opens: Opens, market: ReplayMarket
) -> None:
    with pytest.raises(BrokerError, match="SIM1 to another process"):
        opens(market)
    opens(market, account="SIM2")
    exchange.close()
    assert opens(market).now == SESSION.open


def test_a_step_that_cannot_be_kept_ends_the_service(
    exchange: SimulatedExchange, opens: Opens, market: ReplayMarket, ledger_url: str
) -> None:
    exchange.submit([order("A", "buy", 250)], at(1))
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE exchange.fills ADD CHECK (quantity > 1000)")
        with pytest.raises(psycopg.errors.CheckViolation):
            exchange.advance(at(3))
        connection.execute("ALTER TABLE exchange.fills DROP CONSTRAINT fills_quantity_check")
    # Its memory has fills that the record has not: it must not commit anything upon them.
    with pytest.raises(psycopg.OperationalError):
        exchange.advance(at(4))
    assert len(fills(opens(market).advance(at(4)))) == 3


def test_an_earlier_session_is_over(
    opens: Opens, market: ReplayMarket, next_market: ReplayMarket
) -> None:
    opens(market).close()
    opens(next_market, LATER).close()
    with pytest.raises(SessionOver, match="session of 2026-11-20 is over"):
        opens(market)


def test_a_session_can_be_looked_at_after_its_close(opens: Opens, market: ReplayMarket) -> None:
    first = opens(market)
    first.advance(SESSION.close + timedelta(seconds=1))
    first.close()
    assert opens(market).snapshot().at == SESSION.close + timedelta(seconds=1)


def test_the_next_session_expires_what_the_last_one_left(
    opens: Opens, market: ReplayMarket, next_market: ReplayMarket
) -> None:
    last = opens(market)
    sent = [
        order("A", "buy", 250, name="ow-day"),
        order("A", "buy", 9, "100", name="ow-ioc", tif=TimeInForce.IOC),
        order("B", "buy", 9, "19", name="ow-gtc", tif=TimeInForce.GTC),
    ]
    last.submit(sent, at(2))
    last.submit([], at(2.5))
    last.close()

    later = opens(next_market, LATER)
    assert later.now == LATER.open
    # It shows how yesterday ended, for whoever did not hear of it.
    shown = {one.client_order_id: one for one in later.snapshot().orders}
    assert {name: one.state for name, one in shown.items()} == {
        "ow-day": OrderState.EXPIRED,
        "ow-ioc": OrderState.EXPIRED,
        "ow-gtc": OrderState.SUBMITTED,
    }
    assert shown["ow-day"].ts == SESSION.close
    assert later.advance(at(30, LATER)) == []
    later.close()
    assert opens(next_market, LATER).now == at(30, LATER)


def test_the_next_session_shows_the_fills_of_the_last_one(
    opens: Opens, market: ReplayMarket, next_market: ReplayMarket
) -> None:
    last = opens(market)
    last.submit([order("A", "buy", 100, name="ow-x")], at(1))
    done = fills(last.advance(SESSION.close))
    last.close()
    for second in (0, 1):
        later = opens(next_market, LATER)
        assert later.snapshot().orders[0].client_order_id == "ow-x"
        assert list(later.snapshot().executions) == done
        done += fills(later.submit([order("A", "buy", 1)], at(second, LATER)))
        later.close()


def test_an_order_that_rests_overnight_trades_in_the_next_session_within_its_cap(
    opens: Opens, market: ReplayMarket, next_market: ReplayMarket
) -> None:
    last = opens(market)
    last.submit([order("A", "buy", 450, "100.01", "ow-x", TimeInForce.GTC)], at(36))
    assert sum(fill.quantity for fill in fills(last.advance(SESSION.close))) == 400
    last.close()
    later = opens(next_market, LATER)
    later.advance(at(0.5, LATER))
    later.close()
    (fill,) = fills(opens(next_market, LATER).advance(at(9, LATER)))
    assert (fill.ts, fill.quantity) == (at(1, LATER), 50)


def test_what_is_said_only_after_the_session_is_said_in_the_next_one(
    opens: Opens, market: ReplayMarket, next_market: ReplayMarket
) -> None:
    """Though the opening changes something itself: an exit goes with its entry, which is over."""
    slow = Latencies(fill=timedelta(hours=8))
    last = opens(market, latencies=slow)
    entry = order("B", "buy", 9, "19")
    exit_of_it = order(
        "B", "sell", 9, stop="18", tif=TimeInForce.GTC, attached_to=entry.client_order_id
    )
    last.submit([order("A", "buy", 100), entry, exit_of_it], at(1))
    assert fills(last.advance(at(5))) == []
    last.close()
    later = opens(next_market, LATER, latencies=slow)
    assert later.order(exit_of_it.client_order_id).state is OrderState.CANCELLED
    assert sum(fill.quantity for fill in fills(later.advance(at(1, LATER)))) == 100


def test_an_order_may_end_when_there_is_no_session(
    opens: Opens, market: ReplayMarket, next_market: ReplayMarket
) -> None:
    saturday = SESSION.close + timedelta(days=1)
    last = opens(market)
    last.submit([order("B", "buy", 9, "19", tif=TimeInForce.GTD, good_till=saturday)], at(1))
    last.advance(SESSION.close)
    last.close()
    opens(next_market, LATER).close()
    (ended,) = opens(next_market, LATER).snapshot().orders
    assert (ended.state, ended.ts) == (OrderState.EXPIRED, saturday)


def test_an_exchange_without_its_record_shows_nothing(opens: Opens, market: ReplayMarket) -> None:
    exchange = opens(market)
    exchange.close()
    with pytest.raises(BrokerError, match="record of account SIM1 is closed; open the exchange"):
        exchange.snapshot()
