"""An order of IBKR's as one that the simulated exchange takes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from orderworks.model.instrument import Instrument
from orderworks.model.order import Order, OrderType, Side, TimeInForce
from orderworks.model.quote import Quote

from .errors import Refused
from .layouts import Values

UNSET = Decimal("1e308")
"""What is this or larger has not been set."""

SIDES = {"BUY": Side.BUY, "SELL": Side.SELL, "SSHORT": Side.SELL}
TIFS = {
    "DAY": TimeInForce.DAY,
    "GTC": TimeInForce.GTC,
    "GTD": TimeInForce.GTD,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
    "OPG": TimeInForce.OPG,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What an order type of IBKR's is at the exchange."""

    order_type: OrderType
    has_limit: bool = False
    has_stop: bool = False
    tif: TimeInForce | None = None
    day_only: bool = False

    @property
    def follows(self) -> bool:
        """Whether it follows the market at a distance."""
        return self.order_type is OrderType.TRAILING_STOP


KINDS: dict[str, Kind] = {
    "MKT": Kind(OrderType.MARKET),
    "LMT": Kind(OrderType.LIMIT, has_limit=True),
    "STP": Kind(OrderType.STOP, has_stop=True),
    "STP LMT": Kind(OrderType.STOP_LIMIT, has_limit=True, has_stop=True),
    "TRAIL": Kind(OrderType.TRAILING_STOP),
    "MOC": Kind(OrderType.MARKET, tif=TimeInForce.CLS, day_only=True),
    "LOC": Kind(OrderType.LIMIT, has_limit=True, tif=TimeInForce.CLS, day_only=True),
    "MIDPRICE": Kind(OrderType.LIMIT, day_only=True),
}
"""MIDPRICE is a limit order at the mid, which follows it, capped by its limit."""

WAITS = frozenset({"STP", "STP LMT", "TRAIL", "MOC", "LOC"})
"""The types that wait for something: PreSubmitted until they trade."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a change of a resting order may change."""

    quantity: int
    limit_price: Decimal | None
    stop_price: Decimal | None


def number(text: str) -> Decimal | None:
    """A number of the wire, None where it has not been set.

    Raises:
        Refused: 321, if it is none.
    """
    try:
        value = Decimal(text or "0")
    except InvalidOperation:
        raise Refused(321, reason=f"'{text}' is not a number") from None
    return None if text == "" or abs(value) >= UNSET else value


def quantity_of(fields: Values) -> int:
    """The shares of an order.

    Raises:
        Refused: 434 for none, 10243 for parts of shares.
    """
    asked = number(fields["totalQuantity"]) or Decimal(0)
    if asked <= 0:
        raise Refused(434)
    if asked != int(asked):
        raise Refused(10243)
    return int(asked)


def kind_of(fields: Values) -> Kind:
    """What the type of an order is.

    Raises:
        Refused: 321 for one that is not taken here.
    """
    kind = KINDS.get(fields["orderType"])
    if kind is None:
        raise Refused(321, reason=f"Invalid order type: {fields['orderType']}")
    return kind


def terms_of(fields: Values, symbol: str, quote: Callable[[], Quote | None]) -> Terms:
    """Quantity and prices of an order, on the grid.

    Raises:
        Refused: 110, 321, 434 or 10243, as is wrong with them.
    """
    kind = kind_of(fields)
    limit = stop = None
    if kind.has_limit:
        limit = _price(fields, "lmtPrice", symbol)
    if kind.has_stop:
        stop = _price(fields, "auxPrice", symbol)
    if fields["orderType"] == "MIDPRICE":
        limit = midprice(fields, symbol, quote())
    return Terms(quantity_of(fields), limit, stop)


def translated(
    fields: Values,
    *,
    name: str,
    account: str,
    symbol: str,
    attached_to: str | None,
    quote: Callable[[], Quote | None],
) -> Order:
    """The order that the exchange is sent, under ``name``.

    Raises:
        Refused: with the error that the broker refuses it by.
    """
    kind, terms = kind_of(fields), terms_of(fields, symbol, quote)
    side = SIDES.get(fields["action"])
    if side is None:
        raise Refused(321, reason=f"Invalid action: {fields['action']}")
    if fields["secType"] == "BAG" or fields["conditions"] not in ("", "0"):
        raise Refused(321, reason="neither combinations nor conditions are taken here")
    amount, fraction = _trail(fields) if kind.follows else (None, None)
    tif = _tif(fields, kind)
    try:
        return Order(
            name,
            account,
            symbol,
            side,
            terms.quantity,
            kind.order_type,
            terms.limit_price,
            tif,
            terms.stop_price,
            trail_amount=amount,
            trail_percent=fraction,
            good_till=moment_of(fields["goodTillDate"], "goodTillDate")
            if tif is TimeInForce.GTD
            else None,
            oca_group=(fields["ocaGroup"] or None) if attached_to is None else None,
            attached_to=attached_to,
        )
    except ValueError as error:
        raise Refused(321, reason=str(error)) from None


def _price(fields: Values, name: str, symbol: str) -> Decimal:
    price = number(fields[name])
    if not price or price < 0:
        raise Refused(321, reason=f"{name} of a {fields['orderType']} order is missing")
    if price % Instrument(symbol).tick_at(price):
        raise Refused(110)
    return price.normalize() + 0


def midprice(fields: Values, symbol: str, quote: Quote | None) -> Decimal:
    """Where a MIDPRICE order stands: the mid, on the grid and no further than its limit.

    Raises:
        Refused: 110 or 201, if there is no such price.
    """
    if quote is None:
        raise Refused(201, reason=f"no quote for {symbol}")
    tick = Instrument(symbol).tick_at(quote.mid)
    buys = SIDES.get(fields["action"]) is Side.BUY
    mid = (quote.mid / tick).to_integral_value(ROUND_FLOOR if buys else ROUND_CEILING) * tick
    if not number(fields["lmtPrice"]):
        return mid
    cap = _price(fields, "lmtPrice", symbol)
    return min(mid, cap) if buys else max(mid, cap)


def _trail(fields: Values) -> tuple[Decimal | None, Decimal | None]:
    amount, percent = number(fields["auxPrice"]), number(fields["trailingPercent"])
    if amount:
        return amount, None
    if percent:
        return None, percent / 100
    raise Refused(158)


def _tif(fields: Values, kind: Kind) -> TimeInForce:
    asked = fields["tif"] or "DAY"
    if kind.day_only and asked != "DAY":
        raise Refused(113)
    if asked not in TIFS:
        raise Refused(321, reason=f"Invalid time in force: {asked}")
    return kind.tif or TIFS[asked]


def moment_of(text: str, name: str) -> datetime:
    """20261120 15:30:00 US/Eastern, or 20261120-20:30:00 in UTC.

    Raises:
        Refused: 321, naming ``name``.
    """
    try:
        if "-" in text:
            return datetime.strptime(text, "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
        moment, _, zone = text.rpartition(" ")
        local = datetime.strptime(moment, "%Y%m%d %H:%M:%S").replace(tzinfo=ZoneInfo(zone))
        return local.astimezone(UTC)
    except (ValueError, KeyError):
        raise Refused(321, reason=f"{name} '{text}' has no time with a zone") from None
