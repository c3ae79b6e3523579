"""The simulated exchange behind a line that loses messages, and what a desk on it has done."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from orderworks.brokers.adapter import Report, Snapshot
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.desk.desk import Desk
from orderworks.desk.releasing import due_now
from orderworks.desk.submission import Sent, send
from orderworks.ledger.accounts import booked_portfolio
from orderworks.ledger.orders import open_orders
from orderworks.model.errors import BrokerError, SnapshotIncomplete
from orderworks.model.order import Order
from orderworks.model.portfolio import Portfolio, Position
from orderworks.model.state import OrderState


class UnreliableBroker(SimulatedBroker):
    """The simulated exchange behind a line that loses what it is told to lose."""

    deaf = 0
    """So many batches of orders arrive, and their answers are lost."""
    cut = 0
    """So many batches of orders are lost on the way there."""
    down = 0
    """So many batches of orders end in an error, after they have arrived."""
    blind = 0
    """So many snapshots do not show the orders yet."""
    broken = 0
    """So many snapshots cannot be taken whole."""
    hesitant = 0
    """So many snapshots show orders as received and not yet accepted."""
    by_hand = 0
    """So many shares of AAPL were traded by somebody else."""
    deposited = Decimal(0)
    """So much money came from elsewhere."""

    async def submit_orders(self, orders: Sequence[Order]) -> list[Report]:
        if self.cut:
            self.cut -= 1
            return []
        reports = await super().submit_orders(orders)
        if self.down:
            self.down -= 1
            raise BrokerError("the line went down")
        if self.deaf:
            self.deaf -= 1
            return []
        return reports

    async def snapshot(self) -> Snapshot:
        seen = await super().snapshot()
        seen = replace(seen, portfolio=self._with_what_others_did(seen.portfolio))
        if self.broken:
            self.broken -= 1
            raise SnapshotIncomplete("the broker stopped in the middle of its orders")
        if self.blind:
            self.blind -= 1
            return replace(seen, orders=(), executions=())
        if self.hesitant:
            self.hesitant -= 1
            return replace(
                seen, orders=tuple(o._replace(state=OrderState.PENDING) for o in seen.orders)
            )
        return seen

    def _with_what_others_did(self, portfolio: Portfolio) -> Portfolio:
        held = portfolio.positions.get("AAPL", Position("AAPL", 0, Decimal(100)))
        positions = {**portfolio.positions}
        if self.by_hand:
            positions["AAPL"] = held._replace(quantity=held.quantity + self.by_hand)
        return replace(portfolio, cash=portfolio.cash + self.deposited, positions=positions)


def line(desk: Desk) -> UnreliableBroker:
    assert isinstance(desk.broker, UnreliableBroker)
    return desk.broker


async def send_due(desk: Desk) -> Sent:
    """Sends what is due now, as a wave does, and waits for the ledger."""
    orders = open_orders(desk.ledger, desk.account)
    sent = await send(desk, orders, due_now(orders, desk.clock.now(), {}).due, desk.clock.now())
    await desk.written()
    return sent


async def received(desk: Desk) -> list[str]:
    """The names of all orders that the exchange has received."""
    return [one.client_order_id for one in (await SimulatedBroker.snapshot(line(desk))).orders]


def attempts(desk: Desk, name: str) -> list[int]:
    found = desk.ledger.execute(
        "SELECT attempt FROM send_attempts WHERE client_order_id = %s ORDER BY attempt", (name,)
    )
    return [row["attempt"] for row in found]


def alerts(desk: Desk) -> list[str]:
    return [row["kind"] for row in desk.ledger.execute("SELECT kind FROM alerts ORDER BY id")]


async def require_equal_books(desk: Desk) -> None:
    """What the ledger has is what the exchange has."""
    theirs = await desk.broker.get_portfolio()
    booked = booked_portfolio(desk.ledger, desk.account)
    assert booked.cash == theirs.cash
    assert {s: p.quantity for s, p in booked.positions.items()} == {
        s: p.quantity for s, p in theirs.positions.items() if p.quantity
    }
