"""The broker behind the gateway: its book, and the simulated exchange that fills the orders.

Whatever happens is put down in the book first, and told to who listens in the words of
``happenings``.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zlib import crc32

from orderworks.brokers.adapter import BrokerOrder, Report, ReportKind
from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.terms import Terms as ExchangeTerms
from orderworks.model.fill import Fill
from orderworks.model.order import Order, Replacement
from orderworks.model.portfolio import Portfolio, Position
from orderworks.model.quote import Quote
from orderworks.model.state import TERMINAL, OrderState

from .board import Board
from .book import BookedExecution, BookedOrder
from .book_record import BookRecord
from .happenings import Ended, Executed, Failed, Happening, Shown
from .layouts import Values
from .orders import WAITS, Terms, midprice

ENDED: dict[ReportKind, str] = {
    ReportKind.CANCELLED: "Cancelled",
    ReportKind.EXPIRED: "Cancelled",
    ReportKind.REJECTED: "Inactive",
}
STATUS_OF: dict[OrderState, str] = {
    OrderState.FILLED: "Filled",
    OrderState.CANCELLED: "Cancelled",
    OrderState.EXPIRED: "Cancelled",
    OrderState.REJECTED: "Inactive",
}


class Brokerage:
    """One account at the broker."""

    def __init__(
        self,
        exchange: SimulatedExchange,
        board: Board,
        record: BookRecord,
        terms: ExchangeTerms,
        listen: Callable[[Happening], None],
    ) -> None:
        self.account, self.account_type = terms.account, terms.account_type
        self.board = board
        self.book = record.load()
        self._exchange, self._record, self._listen = exchange, record, listen
        self._changes: dict[int, Values] = {}
        self._adjusted: dict[str, tuple[int, Decimal]] = {}
        self._restore()

    @property
    def now(self) -> datetime:
        """How far the exchange has come."""
        return self._exchange.now

    def go_on(self, until: datetime) -> None:
        """The market goes on to a time: at once, unless what it does must be answered on the way.

        A fill of a group cancels others before the next; a midprice order follows each quote.
        """
        while self.now < until:
            symbols = {
                one.market_symbol
                for one in self.book.live()
                if one.cancels_group or one.follows_mid
            }
            changes = (self.board.next_change(symbol, self.now) for symbol in symbols)
            step = min((at for at in changes if at is not None), default=until)
            self._take(self._exchange.advance(min(step, until)))
            self._follow_mids()

    def submit(self, orders: Sequence[tuple[BookedOrder, Order]]) -> None:
        """Sends orders to the exchange, as one batch."""
        for booked, _ in orders:
            booked.at_exchange = booked.transmitted = True
        self.save(*(booked for booked, _ in orders))
        self._take(self._exchange.submit([order for _, order in orders], self.now))

    def cancel(self, *orders: BookedOrder) -> None:
        """Cancels orders: those that the exchange has there, and the others here."""
        for order in orders:
            if order.is_live and not order.at_exchange:
                self.end(order, "Cancelled", "")
        names = [order.name for order in orders if order.at_exchange and order.is_live]
        if names:
            self._take(self._exchange.cancel(names, self.now))

    def replace(self, order: BookedOrder, fields: Values, terms: Terms) -> None:
        """Changes an order that rests at the exchange; its fields become ``fields`` if that is done."""
        self._changes[order.perm_id] = fields
        wanted = Replacement(order.name, terms.quantity, terms.limit_price, terms.stop_price)
        self._take(self._exchange.replace([wanted], self.now))
        self._changes.pop(order.perm_id, None)

    def _follow_mids(self) -> None:
        """Moves midprice orders to where the mid is; who placed them is not told."""
        for order in self.book.live():
            quote = self.quote(order.market_symbol)
            if not (order.follows_mid and order.at_exchange and quote is not None):
                continue
            price = midprice(order.fields, order.market_symbol, quote)
            if price != order.stands_at:
                order.stands_at = price
                moved = Replacement(order.name, order.quantity, price)
                reports = self._exchange.replace([moved], self.now)
                self._take([one for one in reports if one.kind is not ReportKind.REPLACED])

    def end(
        self, order: BookedOrder, status: str, reason: str, code: int = 202, *, shown: bool = True
    ) -> None:
        """An order ends without filling; ``shown``: its status is told and not the error alone."""
        order.status, order.reason, order.ended_at, order.why_held = status, reason, self.now, ""
        self.save(order)
        self._listen(Ended(order, code, shown))

    def correct(self, exec_id: str, shares: int, price: Decimal) -> BookedExecution:
        """Corrects an execution: the order and the account are what they are with it from now on.

        Raises:
            StopIteration: if there is no such execution.
        """
        corrected = self._corrected(exec_id, shares, price)
        self._record.correct(corrected)
        order = self.book.orders[corrected.perm_id]
        self.save(order)
        self._listen(Executed(order, corrected))
        return corrected

    def save(self, *orders: BookedOrder) -> None:
        """Keeps what has changed of orders."""
        self._record.save(self.book, *orders)

    def quote(self, symbol: str) -> Quote | None:
        """The quote that stands."""
        return self.board.quote(symbol, self.now)

    def portfolio(self) -> Portfolio:
        """Cash and positions, corrections included."""
        portfolio = self._exchange.portfolio()
        positions = dict(portfolio.positions)
        cash = portfolio.cash
        for symbol, (shares, paid) in self._adjusted.items():
            cash -= paid
            held = positions.get(symbol, Position(symbol, 0, Decimal(0)))
            positions[symbol] = held._replace(quantity=held.quantity + shares)
        held_now = {symbol: one for symbol, one in positions.items() if one.quantity}
        return replace(portfolio, cash=cash, positions=held_now)

    def close(self) -> None:
        self._exchange.close()
        self._record.close()

    def _restore(self) -> None:
        """Brings the book to where the exchange's record is: it went on after the last save."""
        snapshot = self._exchange.snapshot()
        known = {order.client_order_id: order for order in snapshot.orders}
        shown = Counter[str]()
        for fill in snapshot.executions:
            shown[fill.client_order_id] += fill.quantity
        for order in self.book.orders.values():
            if order.name in known:
                self._resume(order, known[order.name], shown[order.name])
            elif order.is_live:
                # It was to be sent, and the gateway died before.
                order.status, order.ended_at = "Cancelled", self.now
        for fill in snapshot.executions:
            self._book_fill(self.book.orders[int(fill.client_order_id)], fill)
        for exec_id, shares, price in self._record.corrections():
            prefix, _, version = exec_id.rpartition(".")
            before_it = f"{prefix}.{int(version) - 1:02d}"
            if any(one.exec_id == before_it for one in self.book.executions):
                self._corrected(before_it, shares, Decimal(price))

    def _resume(self, order: BookedOrder, theirs: BrokerOrder, shown: int) -> None:
        """Takes an order up as the exchange has it, of whose fills it shows so many shares."""
        order.status = STATUS_OF.get(theirs.state, order.status)
        order.reason = theirs.reason or ""
        order.ended_at = theirs.ts if theirs.state in TERMINAL else None
        # What filled in sessions before those that are shown is known as the book had it.
        before = theirs.filled_quantity - shown
        order.filled, order.value = before, before * order.average_price
        order.taken_back = 0

    def _take(self, reports: Sequence[Report]) -> None:
        for report in reports:
            order = self.book.orders[int(report.client_order_id)]
            match report.kind:
                case ReportKind.ACKNOWLEDGED:
                    self._works(order)
                case ReportKind.FILLED if report.fill is not None:
                    self._fills(order, report.fill)
                case ReportKind.REJECTED | ReportKind.CANCELLED | ReportKind.EXPIRED:
                    code = 201 if report.kind is ReportKind.REJECTED else 202
                    reason = report.reason or ""
                    self.end(order, ENDED[report.kind], reason, code)
                case ReportKind.REPLACED if report.terms is not None:
                    order.fields = order.fields | self._changes.pop(order.perm_id, {})
                    order.quantity = report.terms.quantity
                    self._works(order)
                case ReportKind.REPLACE_REFUSED:
                    self._listen(Failed(order, 201, report.reason or ""))
                case ReportKind.CANCEL_REFUSED:
                    self._listen(Failed(order, 10148, order.status))
        filled = {int(one.client_order_id) for one in reports if one.kind is ReportKind.FILLED}
        for order in (self.book.orders[number] for number in sorted(filled)):
            if order.cancels_group:
                self.cancel(*self.book.others_of_group(order))

    def _works(self, order: BookedOrder) -> None:
        order.status, order.why_held = self._working_status(order), ""
        self.save(order)
        self._listen(Shown(order))

    def _working_status(self, order: BookedOrder) -> str:
        """What waits for a trigger, an auction or its parent is not in the market yet."""
        parent = None if order.parent is None else self.book.orders[order.parent]
        if order.filled:
            return "Submitted"
        if parent is not None and not parent.filled:
            return "PreSubmitted"
        waits = order.fields["orderType"] in WAITS or order.fields["tif"] == "OPG"
        return "PreSubmitted" if waits else "Submitted"

    def _fills(self, order: BookedOrder, fill: Fill) -> None:
        execution = self._book_fill(order, fill)
        if order.remaining:
            order.status = "Submitted"
        else:
            order.status, order.ended_at = "Filled", fill.ts
        self.save(order)
        self._listen(Executed(order, execution))
        for child in self.book.children(order):
            if child.is_live and child.at_exchange and execution.cumulative == execution.shares:
                self._works(child)

    def _book_fill(self, order: BookedOrder, fill: Fill) -> BookedExecution:
        order.filled += fill.quantity
        order.value += fill.quantity * fill.price
        order.last_price = fill.price
        _, number, part = fill.exec_id.rsplit(".", 2)
        origin = crc32(self.account.encode())
        execution = BookedExecution(
            exec_id=f"{origin:08x}.{int(number):08x}.{int(part):02x}.01",
            perm_id=order.perm_id,
            at=fill.ts,
            shares=fill.quantity,
            price=fill.price,
            cumulative=order.filled,
            average_price=order.average_price,
            commission=fill.commission,
        )
        self.book.executions.append(execution)
        return execution

    def _corrected(self, exec_id: str, shares: int, price: Decimal) -> BookedExecution:
        before = next(one for one in self.book.executions if one.exec_id == exec_id)
        corrected = before.corrected(shares, price)
        order = self.book.orders[before.perm_id]
        more, value = shares - before.shares, shares * price - before.shares * before.price
        order.filled += more
        order.value += value
        order.taken_back -= more
        corrected = replace(corrected, average_price=order.average_price)
        self.book.executions.append(corrected)
        held, paid = self._adjusted.get(order.market_symbol, (0, Decimal(0)))
        self._adjusted[order.market_symbol] = (
            held + order.sign * more,
            paid + order.sign * value,
        )
        return corrected
