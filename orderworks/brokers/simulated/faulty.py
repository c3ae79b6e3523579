"""A plan of faults at work: on the line to the exchange, or around any broker in this process."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from orderworks.brokers.adapter import BrokerAdapter, BrokerOrder, Health, Report, ReportKind
from orderworks.brokers.simulated.faults import Fate, Fault, FaultPlan
from orderworks.brokers.simulated.line import Line, LineBroker
from orderworks.brokers.simulated.messages import (
    MESSAGE_OF,
    REPORTING,
    Advance,
    Answer,
    AskOrder,
    AskPortfolio,
    AskSnapshot,
    AskTime,
    AskWhatIf,
    Cancel,
    Hello,
    Message,
    Replace,
    Request,
    Submit,
)
from orderworks.model.clock import Clock
from orderworks.model.errors import Disconnected, PacingRefused, Unanswered
from orderworks.model.order import Order


class FaultyLine:
    """A line on which the messages meet what a plan has for them.

    Messages are counted, and reports held back, for as long as this object lives. Whoever says hello
    anew gets no reports that were held back before.
    """

    def __init__(self, line: Line, plan: FaultPlan, clock: Clock) -> None:
        self.name = f"{line.name}, behind a line with faults,"
        self._line = line
        self._plan = plan
        self._clock = clock
        self._counts: Counter[Message] = Counter()
        self._held: list[Report] = []
        self._known_ids: int | None = None

    async def ask(self, request: Request) -> Answer:
        message = MESSAGE_OF[type(request)]
        self._counts[message] += 1
        fate = self._plan.fate(message, self._counts[message])
        if Fault.DELAY in fate.faults:
            late = timedelta(seconds=self._plan.delay_seconds)
            await self._clock.sleep_until(self._clock.now() + late)
        if Fault.TOO_FAST in fate.faults:
            raise PacingRefused(f"the message {message} came too fast and was not looked at")
        if Fault.DISCONNECT_BEFORE in fate.faults:
            raise Disconnected(f"the line to {self._line.name} broke before {message} arrived")
        if Fault.DROP_REQUEST in fate.faults:
            raise self._silence(message)
        rejected: list[Order] = []
        if Fault.REJECT in fate.faults and isinstance(request, Submit):
            rejected, others = fate.part(Fault.REJECT, request.orders)
            request = replace(request, orders=tuple(others))
        answer = await self._arrive(request, twice=Fault.DUPLICATE_REQUEST in fate.faults)
        if message in REPORTING:
            said = [*answer.reports, *(_rejection(order, answer.now) for order in rejected)]
            answer = replace(answer, reports=tuple(self._come_back(said, fate)))
        if Fault.DISCONNECT_AFTER in fate.faults:
            raise Disconnected(f"the line to {self._line.name} broke after {message} arrived")
        if Fault.DROP_ANSWER in fate.faults:
            raise self._silence(message)
        return answer

    async def close(self) -> None:
        self._held.clear()
        await self._line.close()

    async def _arrive(self, request: Request, *, twice: bool) -> Answer:
        answer = await self._line.ask(request)
        if isinstance(request, Hello):
            self._held.clear()
            await self._note_ids()
        if twice:
            again = await self._line.ask(request)
            answer = replace(again, reports=answer.reports + again.reports)
        return self._with_ids_rolled_back(answer)

    def _come_back(self, reports: list[Report], fate: Fate) -> list[Report]:
        """What comes of an answer's reports, and how; what was held back before comes first."""
        if Fault.DUPLICATE_REPORTS in fate.faults:
            reports = reports + fate.part(Fault.DUPLICATE_REPORTS, reports)[0]
        earlier, self._held = self._held, []
        if Fault.HOLD_BACK in fate.faults:
            self._held, reports = fate.part(Fault.HOLD_BACK, reports)
        reports = earlier + reports
        return fate.shuffled(reports) if Fault.REORDER_REPORTS in fate.faults else reports

    async def _note_ids(self) -> None:
        """Notes at the first hello which ids were given out before this start."""
        if self._plan.id_rollback and self._known_ids is None:
            snapshot = (await self._line.ask(AskSnapshot())).snapshot
            orders = () if snapshot is None else snapshot.orders
            self._known_ids = max((_sequence(order.broker_order_id) for order in orders), default=0)

    def _with_ids_rolled_back(self, answer: Answer) -> Answer:
        if not self._known_ids:
            return answer
        snapshot = answer.snapshot
        return replace(
            answer,
            reports=tuple(
                report._replace(broker_order_id=self._shown(report.broker_order_id))
                for report in answer.reports
            ),
            order=None if answer.order is None else self._renamed(answer.order),
            snapshot=None
            if snapshot is None
            else replace(snapshot, orders=tuple(self._renamed(one) for one in snapshot.orders)),
        )

    def _renamed(self, order: BrokerOrder) -> BrokerOrder:
        return order._replace(broker_order_id=self._shown(order.broker_order_id))

    def _shown(self, broker_order_id: str) -> str:
        known = self._known_ids or 0
        number = _sequence(broker_order_id)
        if number <= known:
            return broker_order_id
        return str(number - min(self._plan.id_rollback, known))

    def _silence(self, message: Message) -> Unanswered:
        return Unanswered(f"{self._line.name} did not answer the message {message}")


class FaultyBroker(LineBroker):
    """Any broker behind a line with faults, without a socket: for seeded simulations.

    What a broker reports until a market time comes in one batch. Messages are delayed on the clock,
    so on a replayed market's they arrive later in market time and cost no waiting.
    """

    def __init__(self, broker: BrokerAdapter, plan: FaultPlan, clock: Clock) -> None:
        super().__init__(
            FaultyLine(_AdapterLine(broker, clock), plan, clock),
            broker.provider,
            broker.account,
            broker.mode,
            clock,
        )
        self._broker = broker

    async def market_time(self) -> datetime | None:
        return await self._broker.market_time()

    async def health_check(self) -> Health:
        seen = await super().health_check()
        return await self._broker.health_check() if seen.sound else seen


class _AdapterLine:
    """A sound line to a broker in this process."""

    def __init__(self, broker: BrokerAdapter, clock: Clock) -> None:
        self.name = f"the {broker.provider} broker of account {broker.account}"
        self._broker = broker
        self._clock = clock

    async def ask(self, request: Request) -> Answer:
        broker = self._broker
        match request:
            case Submit(orders):
                return self._reported(await broker.submit_orders(orders))
            case Cancel(client_order_ids):
                return self._reported(await broker.cancel_orders(client_order_ids))
            case Replace(replacements):
                return self._reported(await broker.replace_orders(replacements))
            case Advance(until):
                batches = [reports async for reports in broker.events(until)]
                return self._reported([report for reports in batches for report in reports])
            case AskOrder(client_order_id):
                order = await broker.get_order_status(client_order_id)
                return Answer(self._clock.now(), order=order)
            case AskPortfolio():
                return Answer(self._clock.now(), portfolio=await broker.get_portfolio())
            case AskWhatIf(orders):
                effects = await broker.what_if(orders)
                return Answer(self._clock.now(), effects=tuple(effects))
            case AskSnapshot():
                return Answer(self._clock.now(), snapshot=await broker.snapshot())
            case Hello():
                await broker.connect()
                return Answer(self._clock.now())
            case AskTime():
                return Answer(self._clock.now())

    async def close(self) -> None:
        await self._broker.close()

    def _reported(self, reports: list[Report]) -> Answer:
        return Answer(self._clock.now(), tuple(reports))


def _rejection(order: Order, at: datetime) -> Report:
    reason = "rejected on the way to the exchange"
    return Report(ReportKind.REJECTED, order.client_order_id, at, reason=reason)


def _sequence(broker_order_id: str) -> int:
    """The place of an id in the broker's sequence; 0 for one that is of none."""
    is_number = broker_order_id.isascii() and broker_order_id.isdigit()
    return int(broker_order_id) if is_number else 0
