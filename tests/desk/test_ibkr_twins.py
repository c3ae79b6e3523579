"""Two orders of one name at the broker, of which neither may be forgotten."""

from decimal import Decimal

from gateway.faults import SecondPermId
from gateway.gateway import Gateway
from gateway.requests import Request
from ibkr_desk import planned, states, trading, wave

from orderworks.desk.desk import Desk
from orderworks.desk.ending import cancel_everything
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.revising import revise
from orderworks.ledger.movements import Revision
from orderworks.ledger.orders import orders_by_id
from orderworks.market.replay import ReplayMarket
from orderworks.model.order import Replacement


def at_broker(gateway: Gateway) -> list[str]:
    return sorted(order.status for order in gateway.brokerage.book.orders.values())


def is_held(desk: Desk) -> bool:
    return orders_by_id(desk.ledger, ["ow-a"])["ow-a"].held


async def test_an_order_ends_once_both_of_its_name_have(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    """A cancel reaches one of them; while the other lives, the order is open and cancelled again."""
    async with trading(ledger_url, recorded, planned("a", 100, "90")) as there:
        desk, gateway = there.desk, there.gateway
        await wave(desk)
        gateway.faults.next(Request.PLACE_ORDER, SecondPermId())
        orders = orders_by_id(desk.ledger, ["ow-a"])
        terms = Replacement("ow-a", 100, Decimal("90.01"))
        await revise(desk, orders, [Revision(terms, 1, "it must move")])
        for cancels in (1, 2):
            await desk.regain_broker()
            await reconcile(desk, None)
            await cancel_everything(desk, "killed")
            await reconcile(desk, None)
            assert len(list(gateway.log.of(Request.CANCEL_ORDER))) == cancels
            assert at_broker(gateway) == ["Cancelled", "Submitted"]
            assert (states(desk, "a"), is_held(desk)) == ([("SUBMITTED", 0)], True)
        gateway.brokerage.cancel(*gateway.brokerage.book.live())
        await reconcile(desk, None)
        assert at_broker(gateway) == ["Cancelled", "Cancelled"]
        assert (states(desk, "a"), is_held(desk)) == ([("CANCELLED", 0)], False)
