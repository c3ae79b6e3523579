"""Interactive Brokers as a broker: one account, through one connection of one client id.

What a call reports is what the broker said, never what ib_async made of it or what silence might mean.
Nothing is sent over a connection that is not sound, or in the hours in which the gateway restarts.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from time import monotonic

from orderworks.brokers.adapter import (
    BrokerOrder,
    Health,
    MarginEffect,
    Report,
    ReportKind,
    Snapshot,
)
from orderworks.brokers.ibkr import questions
from orderworks.brokers.ibkr.accounts import LIVE, PAPER, check_configured, check_managed
from orderworks.brokers.ibkr.chase import Chase
from orderworks.brokers.ibkr.connection import Connection
from orderworks.brokers.ibkr.contracts import symbol_of
from orderworks.brokers.ibkr.correspondence import Correspondence
from orderworks.brokers.ibkr.dispatch import Dispatch
from orderworks.brokers.ibkr.listed import Listed, ListedOf, contract_of
from orderworks.brokers.ibkr.looking import ask_portfolio, look
from orderworks.brokers.ibkr.order_ids import OrderNumbers
from orderworks.brokers.ibkr.pace import Pace
from orderworks.brokers.ibkr.post import Post
from orderworks.brokers.ibkr.snapshot import Gathering
from orderworks.brokers.ibkr.what_if import WhatIfs
from orderworks.brokers.ibkr.wire import Message
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.market.calendar import NEW_YORK
from orderworks.model.clock import Clock
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.errors import BrokerError, Disconnected, SnapshotIncomplete
from orderworks.model.order import Order, Replacement
from orderworks.model.portfolio import Portfolio
from orderworks.model.quiet_hours import parse_quiet_hours
from orderworks.settings import IbkrBroker as IbkrSettings

NOT_CONNECTED = "{} is not connected; connect first"


class IbkrBroker:
    """Trades one account at Interactive Brokers.

    Args:
        url: of the ledger, which keeps the numbers that orders are sent under.
        paper: whether paper trading is meant; the account and the port must agree.
        pace: of everything that leaves for the gateway; its own, as the settings permit, if not given.
        listed_of: symbols as the broker lists them: an order goes out for that stock alone, and what the
            broker would refuse is not sent. None: by symbol, unexamined.
    """

    provider = "ibkr"

    def __init__(
        self,
        url: str,
        settings: IbkrSettings,
        clock: Clock,
        *,
        paper: bool,
        pace: Pace | None = None,
        listed_of: ListedOf | None = None,
    ) -> None:
        self.account = settings.account_id
        self.mode = PAPER if paper else LIVE
        self._url = url
        self._settings = settings
        self._clock = clock
        self._listed_of = listed_of
        self._quiet = [parse_quiet_hours(text) for text in settings.no_send]
        self._line = Connection(
            settings.host,
            settings.port,
            settings.client_id,
            self._hear,
            pace or Pace(settings.messages_per_second),
            connect_seconds=settings.connect_seconds,
            ask_seconds=settings.ask_seconds,
        )
        self._talk = Correspondence(settings.account_id, settings.client_id)
        self._commissions = Chase(settings.answer_seconds)
        self._executions = Chase(settings.answer_seconds)
        self._post = Post(self._line, self._talk, settings.answer_seconds)
        self._dispatch = Dispatch(self._line, self._talk, self._post, clock.now)
        self._what_ifs = WhatIfs(
            per_minute=settings.what_if_per_minute,
            seconds=settings.what_if_seconds,
            answer_seconds=settings.answer_seconds,
        )
        self._ahead: dict[str, Listed | None] = {}
        """The symbols that were prepared last, as the broker lists them; None where it does not."""
        self._gathering: Gathering | None = None
        self._open_ledger: Ledger | None = None

    async def market_time(self) -> datetime | None:
        return None

    async def connect(self) -> None:
        check_configured(self.account, self._settings.port, self.mode)
        if self._open_ledger is None:
            self._open_ledger = open_ledger(self._url)
        managed = await self._line.open()
        try:
            check_managed(self.account, self.mode, managed, self._line.where)
        except BrokerError:
            self._line.close()
            raise
        self._numbers.go_beyond_the_highest(self._line.client)

    async def close(self) -> None:
        self._line.close()
        if self._open_ledger is not None:
            self._open_ledger.close()
            self._open_ledger = None

    async def prepare(self, symbols: Sequence[str]) -> None:
        self._require_sendable()
        self._ahead = {}
        listed = await self._listed(symbols)
        self._ahead = {} if listed is None else {one: listed.get(one) for one in symbols}
        await self._dispatch.learn_next_number()

    async def room_for(self, messages: int) -> int:
        return await self._line.pace.room_for(messages)

    async def submit_orders(self, orders: Sequence[Order]) -> list[Report]:
        """Raises BrokerError where nothing may be sent now, and nothing was."""
        listed = await self._listed([order.symbol for order in orders])
        self._require_sendable()
        return await self._dispatch.submit(orders, listed, self._numbers, self._ledger)

    async def cancel_orders(self, client_order_ids: Sequence[str]) -> list[Report]:
        """A cancel is sent at any hour, and over a connection that is not known whole yet."""
        numbers = await self._numbers_to_cancel(client_order_ids)
        reports = []
        for name in client_order_ids:
            if name not in numbers:
                reason = f"it was not sent as client {self._settings.client_id}"
                at = self._clock.now()
                reports.append(Report(ReportKind.CANCEL_REFUSED, name, at, reason=reason))
                continue
            if name in self._talk.threads:
                self._talk.threads[name].cancel_asked = True
            for number in numbers[name]:
                await self._line.pace.take()
                self._line.client.cancelOrder(number, "")
        crash_point(CrashPoint.CANCELS_LEFT)
        return reports + await self._post.answers(
            client_order_ids, lambda one: one.ended or not one.cancel_asked
        )

    async def replace_orders(self, replacements: Sequence[Replacement]) -> list[Report]:
        threads = self._talk.threads
        names = [one.client_order_id for one in replacements if one.client_order_id in threads]
        listed = await self._listed([symbol_of(threads[name].contract) for name in names])
        self._require_sendable()
        return await self._dispatch.replace(replacements, listed)

    async def events(self, until: datetime) -> AsyncIterator[list[Report]]:
        """Raises Disconnected as soon as something may have been missed, once all that came is told."""
        while True:
            self._line.link.news.clear()
            if reports := self._talk.take_reports(without_commission=self._commissions.is_over):
                crash_point(CrashPoint.NEWS_HEARD)
                yield reports
            if not self._line.is_sound:
                raise Disconnected(f"{self._line.doubt}; what it did meanwhile is in a snapshot")
            if self._is_to_be_asked_again():
                await questions.ask_executions(self._line, self.account)
                continue
            if self._clock.now() >= until:
                return
            # The clock may be another than the wall's.
            over = self._clock.sleep_until(until)
            await self._line.link.news_within(self._settings.answer_seconds, over)

    async def get_order_status(self, client_order_id: str) -> BrokerOrder | None:
        shown = [
            order
            for order in (await self.snapshot()).orders
            if order.client_order_id == client_order_id
        ]
        return shown[0] if shown else None

    async def get_portfolio(self) -> Portfolio:
        await self._require_line()
        return await ask_portfolio(self._line, self.account)

    async def what_if(self, orders: Sequence[Order]) -> list[MarginEffect]:
        await self._require_line()
        listed = await self._listed([order.symbol for order in orders])
        contract = partial(contract_of, listed)
        return await self._what_ifs.ask(orders, self._numbers, self._line, contract)

    async def snapshot(self) -> Snapshot:
        await self._require_line()
        doubts = self._line.link.doubts
        self._gathering = gathered = Gathering(self.account)
        try:
            taken = await look(
                *(self._line, self._talk, gathered, self._ledger),
                commission_seconds=self._settings.answer_seconds,
                now=self._clock.now,
            )
        finally:
            self._gathering = None
        self._line.settle_doubt(doubts)
        return taken

    async def health_check(self) -> Health:
        if not self._line.is_connected:
            return Health(False, self._line.doubt)
        try:
            await questions.ask_time(self._line)
        except BrokerError as error:
            return Health(False, str(error))
        said = self._line.doubt or f"the gateway at {self._line.where}, account {self.account}"
        return Health(self._line.is_sound, said)

    def _hear(self, message: Message) -> None:
        """Called for each message of the wire."""
        doubled = len(self._talk.doubled)
        if self._gathering is not None:
            self._gathering.hear(message)
        self._talk.hear(message, self._clock.now())
        self._what_ifs.hear(message)
        if len(self._talk.doubled) > doubled and self._gathering is None:
            self._line.link.raise_doubt("it has two orders of one name")

    @property
    def _ledger(self) -> Ledger:
        if self._open_ledger is None:
            raise BrokerError(NOT_CONNECTED.format(self._line.where))
        return self._open_ledger

    @property
    def _numbers(self) -> OrderNumbers:
        return OrderNumbers(self._ledger, self.account, self._settings.client_id)

    async def _require_line(self) -> None:
        """A line that broke is made again by the next question."""
        if self._open_ledger is None:
            raise BrokerError(NOT_CONNECTED.format(self._line.where))
        if not self._line.is_connected:
            await self.connect()

    def _require_sendable(self) -> None:
        now = self._clock.now().astimezone(NEW_YORK)
        for hours in self._quiet:
            if hours.contain(now):
                raise BrokerError(
                    f"it is {now:%a %H:%M} in New York, and nothing is sent {hours.text} "
                    "(broker.ibkr.no_send), when the gateway restarts; run this again afterwards"
                )
        if not self._line.is_sound:
            raise Disconnected(f"{self._line.doubt}; nothing was sent")

    def _is_to_be_asked_again(self) -> bool:
        """Whether executions, or what they cost, should have come and have not."""
        now = monotonic()
        commissions = self._commissions.is_due(self._talk.executions.waiting, now)
        return self._executions.is_due(self._talk.lacks_executions, now) or commissions

    async def _listed(self, symbols: Sequence[str]) -> Mapping[str, Listed] | None:
        """The symbols as the broker lists them; what is not known yet is asked for beside the loop."""
        if self._listed_of is None:
            return None
        if self._ahead.keys() >= set(symbols):
            ahead = {one: self._ahead[one] for one in symbols}
            return {one: listed for one, listed in ahead.items() if listed is not None}
        try:
            return await asyncio.to_thread(self._listed_of, symbols)
        except BrokerError as error:
            raise Disconnected(f"{error}; nothing was sent") from error

    async def _numbers_to_cancel(self, names: Sequence[str]) -> dict[str, list[int]]:
        """The numbers of orders: all that the broker shows, or else the one they were sent under."""
        await self._require_line()
        if any(name not in self._talk.threads for name in names):
            # What cannot be shown whole may be cancelled all the same.
            with suppress(SnapshotIncomplete):
                await self.snapshot()
        sent = {name: [number] for name, number in self._numbers.latest(names).items()}
        shown = {name: numbers for name in names if (numbers := self._talk.numbers_of(name))}
        return sent | shown
