"""Some seeds of the simulation, that a seed's story is always the same, and that the judge can fail."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from chaos.far_exchange import FarExchange
from chaos.ground import Ground, own_ground, write_market
from chaos.world import live
from orderworks.desk import reconciliation, waves
from orderworks.desk.booking import UNCONFIRMED
from orderworks.desk.desk import Desk
from orderworks.ledger import movements
from orderworks.ledger.orders import OrderMap, open_orders

# Seeds whose worlds come to where what must never be done might be done.
SILENT, TAKEN_OVER, KILLED = 7, 193, 31
SEEDS = (0, 1, 2, 3, 4, 5, 6, 8, 9, SILENT, TAKEN_OVER, KILLED)


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
    first, another, again = (live(seed, ground) for seed in (TAKEN_OVER, SILENT, TAKEN_OVER))
    assert again == first
    assert again.verdict.digest != another.verdict.digest


async def _send_again(desk: Desk) -> OrderMap:
    """What must never be done: what was not answered is taken for not received."""
    orders = open_orders(desk.ledger, desk.account)
    silent = [order for order in orders.values() if order.state in UNCONFIRMED]
    reconciliation._release_for_resending(desk, silent)
    return orders


def test_the_judge_sees_an_order_that_is_sent_again_on_silence(ground: Ground) -> None:
    with patch.object(waves, "_settle_unconfirmed", _send_again):
        assert live(SILENT, ground).verdict.duplicates != []


def test_the_judge_sees_what_a_worker_sends_that_was_taken_over(ground: Ground) -> None:
    with patch.object(FarExchange, "require_owner", lambda *_: None):
        assert live(TAKEN_OVER, ground).verdict.duplicates != []


def test_the_judge_sees_what_is_sent_while_the_kill_switch_is_on(ground: Ground) -> None:
    with patch.object(movements, "require_not_killed", lambda *_: None):
        (complaint, *_) = live(KILLED, ground).verdict.wrong
    assert "permitted while the kill switch was on" in complaint
