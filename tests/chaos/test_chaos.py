"""Some seeds of the simulation, that a seed's story is always the same, and that the judge can fail."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from chaos.far_exchange import FarExchange
from chaos.ground import Ground, own_ground, write_market
from chaos.verdict import Verdict
from chaos.world import live
from orderworks.desk import waves
from orderworks.desk.booking import Booking, move
from orderworks.desk.desk import Desk
from orderworks.desk.reports import record
from orderworks.ledger import movements
from orderworks.ledger.orders import OrderMap, open_orders
from orderworks.model.state import OrderEvent, OrderState

pytestmark = pytest.mark.proof

SEEDS = range(10)
SEARCHED = 80
"""Among so many worlds one comes to where what must never be done might be done."""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """With a server of its own: one of these worlds restarts it."""
    with own_ground(write_market(tmp_path_factory.mktemp("market"))) as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_goes_wrong_no_order_is_sent_twice_and_none_is_lost(
    ground: Ground, seed: int
) -> None:
    outcome = live(seed, ground)
    assert outcome.verdict.complaints == [], "\n".join(outcome.story)


def test_a_seed_replays_exactly(ground: Ground) -> None:
    """Also on the ground that other worlds have left."""
    first, another, again = (live(seed, ground) for seed in (5, 6, 5))
    assert again == first
    assert again.verdict.digest != another.verdict.digest


# That the judge can fail -----------------------------------------------------------------------


async def _send_again(desk: Desk) -> OrderMap:
    """What must never be done: what was not answered is taken for not received."""
    orders = open_orders(desk.ledger, desk.account)
    booking, at = Booking(), desk.clock.now()
    for order in orders.values():
        if order.state is OrderState.PENDING:
            move(booking, order, OrderEvent.SILENCE, at)
        if order.state is OrderState.UNKNOWN:
            move(booking, order, OrderEvent.ABSENCE, at)
    record(desk, booking)
    return orders


def seen(ground: Ground, first: int) -> Iterator[Verdict]:
    """One world after the other; it does not matter which of them comes to where it is done."""
    return (live(seed, ground).verdict for seed in range(first, first + SEARCHED))


def test_the_judge_sees_an_order_that_is_sent_again_on_silence(ground: Ground) -> None:
    with patch.object(waves, "_settle_unconfirmed", _send_again):
        assert any(verdict.duplicates for verdict in seen(ground, 12))


def test_the_judge_sees_what_a_worker_sends_that_was_taken_over(ground: Ground) -> None:
    with patch.object(FarExchange, "require_owner", lambda *_: None):
        assert any(verdict.duplicates or verdict.wrong for verdict in seen(ground, 291))


def test_the_judge_sees_what_is_sent_while_the_kill_switch_is_on(ground: Ground) -> None:
    with patch.object(movements, "require_not_killed", lambda *_: None):
        assert any(
            "permitted while the kill switch was on" in complaint
            for verdict in seen(ground, 30)
            for complaint in verdict.wrong
        )
