"""Our orders as Interactive Brokers is sent them: tables by type and time in force. Pure.

What IBKR's own presets could fill in is always stated: time in force, account, trading hours.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ib_async import Contract, TagValue
from ib_async import Order as Message

from orderworks.brokers.ibkr.amounts import price_or_none, to_float, whole
from orderworks.brokers.ibkr.contracts import stock
from orderworks.brokers.ibkr.states import expiry
from orderworks.model.errors import BrokerError
from orderworks.model.order import (
    Algo,
    NativeAlgo,
    Order,
    OrderType,
    Priority,
    Replacement,
    Side,
    TimeInForce,
)

ACTION = {Side.BUY: "BUY", Side.SELL: "SELL"}

TYPE = {
    OrderType.MARKET: "MKT",
    OrderType.LIMIT: "LMT",
    OrderType.STOP: "STP",
    OrderType.STOP_LIMIT: "STP LMT",
    OrderType.TRAILING_STOP: "TRAIL",
    OrderType.MIDPRICE: "MIDPRICE",
}

TIF = {
    TimeInForce.DAY: "DAY",
    TimeInForce.GTC: "GTC",
    TimeInForce.GTD: "GTD",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
    TimeInForce.OPG: "OPG",
    TimeInForce.CLS: "DAY",  # the type says that it is for the close
}

TYPE_AT_CLOSE = {OrderType.MARKET: "MOC", OrderType.LIMIT: "LOC"}

REDUCE_WITH_BLOCK = 2
"""The OCA type: what one of a group fills the others lose, and only one of them is out at a time, so that
together they cannot fill more than the largest is."""

STRATEGY = {Algo.IBKR_TWAP: "Twap", Algo.IBKR_VWAP: "Vwap", Algo.IBKR_ADAPTIVE: "Adaptive"}

PRIORITY = {Priority.URGENT: "Urgent", Priority.NORMAL: "Normal", Priority.PATIENT: "Patient"}

LIMITED = frozenset({"LMT", "STP LMT", "LOC", "MIDPRICE"})
STOPPED = frozenset({"STP", "STP LMT"})
"""The types whose lmtPrice is a limit, and whose auxPrice is a stop."""

EASTERN = ZoneInfo("US/Eastern")
"""The zone of good-till dates, by the name that IBKR knows."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message: ``order_id`` is the broker's number of the order, ours to choose."""

    client_order_id: str
    order_id: int
    contract: Contract
    message: Message


def message_of(order: Order, parent_id: int = 0, *, transmit: bool = True) -> Message:
    """The order as the broker is sent it.

    Args:
        parent_id: of an exit that waits for its entry: the entry's number.
        transmit: False for one that is only to be sent on with the last of its bracket.

    Raises:
        BrokerError: naming the field that cannot be sent.
    """
    message = Message(
        action=ACTION[order.side],
        totalQuantity=float(order.quantity),
        orderType=_type(order),
        tif=TIF[order.tif],
        account=order.account,
        orderRef=order.client_order_id,
        outsideRth=False,
        transmit=transmit,
        parentId=parent_id,
    )
    if order.good_till is not None:
        message.goodTillDate = good_till_date(order.good_till)
    if order.oca_group is not None:
        message.ocaGroup, message.ocaType = order.oca_group, REDUCE_WITH_BLOCK
    if order.native is not None:
        message.algoStrategy = STRATEGY[order.native.algo]
        message.algoParams = algo_params(order.native)
    try:
        _set_prices(message, order.limit_price, order.stop_price)
        _set_trail(message, order.trail_amount, order.trail_percent)
    except ValueError as error:
        raise BrokerError(f"order {order.client_order_id} cannot be sent: {error}") from None
    return message


def algo_params(native: NativeAlgo) -> list[TagValue]:
    """What a native algorithm is told, by the names of IBKR's "IB Algorithms" (TWS API).

    A share of the volume is a fraction there, and a time is one of the day, with its zone. Twap is told
    no ``strategyType``, which that page has and gateways of 2026 refuse (443): it trades when it is
    marketable, by default.
    """
    told = {
        "adaptivePriority": None if native.priority is None else PRIORITY[native.priority],
        "maxPctVol": None if native.max_volume_pct is None else f"{native.max_volume_pct / 100:f}",
        "startTime": None if native.starts_at is None else time_of_day(native.starts_at),
        "endTime": None if native.ends_at is None else time_of_day(native.ends_at),
        "allowPastEndTime": None if native.ends_at is None else str(int(native.outlasts)),
        "noTakeLiq": None
        if native.max_volume_pct is None
        else str(int(not native.takes_liquidity)),
    }
    return [TagValue(tag, value) for tag, value in told.items() if value is not None]


def revised(message: Message, terms: Replacement) -> Message:
    """A message that gives an order new terms; everything else is as it was sent, or is shown.

    Raises:
        BrokerError: naming the field that cannot be sent.
    """
    changed = replace(message, totalQuantity=float(terms.quantity), transmit=True)
    try:
        _set_prices(changed, terms.limit_price, terms.stop_price)
    except ValueError as error:
        raise BrokerError(f"order {terms.client_order_id} cannot be changed: {error}") from None
    return changed


def names_as_sent(orders: Sequence[Order]) -> list[str]:
    """The names of a batch in the order in which ``batch`` sends it: exits behind all entries."""
    sent = {order.client_order_id for order in orders}
    return [o.client_order_id for o in sorted(orders, key=lambda one: one.attached_to in sent)]


def batch(
    orders: Sequence[Order],
    numbers: Mapping[str, int],
    entries: Mapping[str, int],
    contract_of: Callable[[str], Contract] = stock,
) -> tuple[list[Outgoing], list[Outgoing]]:
    """A batch as messages: what goes first, and the exits of entries in it, which follow.

    An entry with exits is held back at the broker until the last of them is there, so that none of a
    bracket is ever live without the others.

    Args:
        numbers: by client_order_id, the number of each order.
        entries: the numbers of entries that still rest: exits sent after them are attached to them.
        contract_of: the contract of a symbol.
    """
    sent = {order.client_order_id for order in orders}
    last_exit = {
        order.attached_to: order.client_order_id for order in orders if order.attached_to in sent
    }
    first, exits = [], []
    for order in orders:
        name, entry = order.client_order_id, order.attached_to
        if entry is not None and entry in sent:
            message = message_of(order, numbers[entry], transmit=last_exit[entry] == name)
            exits.append(Outgoing(name, numbers[name], contract_of(order.symbol), message))
        else:
            parent_id = 0 if entry is None else entries.get(entry, 0)
            message = message_of(order, parent_id, transmit=name not in last_exit)
            first.append(Outgoing(name, numbers[name], contract_of(order.symbol), message))
    return first, exits


def good_till_date(at: datetime) -> str:
    """A time as IBKR reads it, with its zone."""
    return f"{at.astimezone(EASTERN):%Y%m%d %H:%M:%S} US/Eastern"


def time_of_day(at: datetime) -> str:
    """A time of the session's day as an algorithm reads it."""
    return f"{at.astimezone(EASTERN):%H:%M:%S} US/Eastern"


def expiry_of(message: Message, at: datetime) -> datetime | None:
    """When an order that stood at ``at`` is over by its time in force; None where no time ends it."""
    return expiry(message.tif, read_moment(message.goodTillDate), at)


def prices_of(message: Message) -> tuple[Decimal | None, Decimal | None]:
    """The limit and the stop of a message about an order; those of a trailing stop are the market's."""
    return (
        price_or_none(message.lmtPrice) if message.orderType in LIMITED else None,
        price_or_none(message.auxPrice) if message.orderType in STOPPED else None,
    )


def terms_of(name: str, message: Message) -> Replacement:
    """What an order is by a message about it."""
    return Replacement(name, whole(message.totalQuantity, f"order {name}"), *prices_of(message))


def read_moment(text: str) -> datetime | None:
    """The time that the broker writes as 'date time zone', or 'date-time' in UTC; None for any other."""
    moment, _, zone = text.rpartition(" ")
    try:
        if not zone or not moment:
            return datetime.strptime(text, "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
        return datetime.strptime(moment, "%Y%m%d %H:%M:%S").replace(tzinfo=_zone(zone))
    except (ValueError, ZoneInfoNotFoundError):
        return None


def _zone(name: str) -> ZoneInfo:
    return EASTERN if name in ("EST", "EDT") else ZoneInfo(name)


def _type(order: Order) -> str:
    if order.tif is TimeInForce.CLS:
        return TYPE_AT_CLOSE[order.order_type]
    return TYPE[order.order_type]


def _set_prices(message: Message, limit: Decimal | None, stop: Decimal | None) -> None:
    if limit is not None:
        message.lmtPrice = to_float(limit)
    if stop is not None:
        message.auxPrice = to_float(stop)


def _set_trail(message: Message, amount: Decimal | None, percent: Decimal | None) -> None:
    if amount is not None:
        message.auxPrice = to_float(amount)
    if percent is not None:
        message.trailingPercent = to_float(percent * 100)
