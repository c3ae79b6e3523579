"""The order: exactly what a broker is asked to do, as a value that cannot be built wrong."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

FLATTEN_RULE = "FLATTEN"
"""The route of the orders that close what is held after a kill: a killed account may send no others."""

REBALANCE, FLATTEN = "rebalance", "flatten"
WHOLE_ACCOUNT = frozenset({REBALANCE, FLATTEN})
"""The strategies under which what concerns the whole account is traded: they hold nothing themselves."""


class Side(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"

    sign: int
    """+1 for a buy, -1 for a sell: the factor that makes a cost positive."""

    def __init__(self, text: str) -> None:
        self.sign = 1 if text == "buy" else -1

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY


SIDES = {str(side): side for side in Side}
"""By its text; calling the enum takes twenty times as long, and tables have thousands of rows."""


class OrderType(StrEnum):
    """How an order is priced at the broker. On open and on close are times in force: OPG, CLS."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"  # a market order once the market trades at the stop price or beyond
    STOP_LIMIT = "stop_limit"  # a limit order from then on
    TRAILING_STOP = "trailing_stop"  # a stop that follows the market, and only ever tightens
    MIDPRICE = "midprice"  # it follows the middle of the quote, as far as its limit if it has one


class TimeInForce(StrEnum):
    """How long an order may rest."""

    DAY = "day"
    GTC = "gtc"  # until it is cancelled
    GTD = "gtd"  # until a stated time
    IOC = "ioc"  # what does not fill at once is cancelled
    FOK = "fok"  # at once and whole, or not at all
    OPG = "opg"  # in the opening auction only
    CLS = "cls"  # in the closing auction only


class Algo(StrEnum):
    """How a parent is worked through children."""

    NONE = "none"
    TWAP = "twap"  # evenly over time
    VWAP = "vwap"  # as an earlier day's volume fell
    POV = "pov"  # a share of the volume as it trades
    IS = "is"  # front-loaded between impact and risk (Almgren-Chriss)
    IBKR_TWAP = "ibkr_twap"  # by the broker, evenly over time
    IBKR_VWAP = "ibkr_vwap"  # by the broker, as the day's volume falls
    IBKR_ADAPTIVE = "ibkr_adaptive"  # by the broker, between the touches, at a priority


NATIVE = frozenset({Algo.IBKR_TWAP, Algo.IBKR_VWAP, Algo.IBKR_ADAPTIVE})
"""The algorithms that a broker runs: the parent is one order there, and is not sliced here."""

TIMED = frozenset({Algo.IBKR_TWAP, Algo.IBKR_VWAP})
"""Those of them that are told from when to when they work."""


LARGEST_VOLUME_PCT = 50
"""More of a day's volume no broker's VWAP is asked to be."""


class Priority(StrEnum):
    """How long an adaptive order looks for a better price."""

    URGENT = "urgent"
    NORMAL = "normal"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class NativeAlgo:
    """How a broker is to work an order by an algorithm of its own.

    Attributes:
        starts_at, ends_at: of a timed one, from when to when it works (UTC).
        outlasts: whether a timed one goes on past its end with what is left.
        max_volume_pct: of a VWAP, per cent of the day's average volume that it may be; 1 to 50.
        takes_liquidity: whether a VWAP may cross the spread.
        priority: of an adaptive one.

    Raises:
        ValueError: naming the field that cannot be.
    """

    algo: Algo
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    outlasts: bool = False
    max_volume_pct: Decimal | None = None
    takes_liquidity: bool = True
    priority: Priority | None = None

    def __post_init__(self) -> None:
        if self.algo not in NATIVE:
            raise ValueError(f"algo must be one that a broker runs, not {self.algo}")
        timed = self.algo in TIMED
        for name, at in (("starts_at", self.starts_at), ("ends_at", self.ends_at)):
            _check_field(name, at, timed, self.algo)
            if at is not None and at.utcoffset() is None:
                raise ValueError(f"{name} must be a time with a zone, not {at}")
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise ValueError(
                f"ends_at must be after starts_at {self.starts_at}, not {self.ends_at}"
            )
        is_vwap, share = self.algo is Algo.IBKR_VWAP, self.max_volume_pct
        _check_field("max_volume_pct", share, is_vwap, self.algo)
        if share is not None and not (share.is_finite() and 1 <= share <= LARGEST_VOLUME_PCT):
            raise ValueError(f"max_volume_pct must be 1 to {LARGEST_VOLUME_PCT}, not {share}")
        _check_field("priority", self.priority, self.algo is Algo.IBKR_ADAPTIVE, self.algo)


class Remainder(StrEnum):
    """What becomes of what is left of an order that has not filled whole."""

    KEEP = "keep"  # it goes on resting
    REPRICE = "reprice"  # it follows the near touch
    CANCEL = "cancel"  # it is cancelled when its horizon ends
    SWEEP = "sweep"  # it crosses the spread, within a collar, shortly before that


PRICES_OF: dict[OrderType, tuple[str, ...]] = {
    OrderType.MARKET: (),
    OrderType.LIMIT: ("limit_price",),
    OrderType.STOP: ("stop_price",),
    OrderType.STOP_LIMIT: ("stop_price", "limit_price"),
    OrderType.TRAILING_STOP: (),
    OrderType.MIDPRICE: (),
}
"""The prices that an order of each type has; it has no other."""

MAY_HAVE_LIMIT = frozenset({OrderType.MIDPRICE})
"""The types that may have a limit and need none."""

TRAILS = ("trail_amount", "trail_percent")
"""How a trailing stop keeps its distance: one of them."""

TYPES_OF: dict[TimeInForce, frozenset[OrderType]] = {
    **dict.fromkeys(
        (TimeInForce.IOC, TimeInForce.FOK, TimeInForce.OPG, TimeInForce.CLS),
        frozenset({OrderType.MARKET, OrderType.LIMIT}),
    ),
    **dict.fromkeys(
        (TimeInForce.GTC, TimeInForce.GTD), frozenset(OrderType) - {OrderType.MIDPRICE}
    ),
}
"""The order types that a time in force goes with, where it does not go with all."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the broker is asked to do: a plain order, or one child of a worked parent.

    Attributes:
        quantity: shares.
        limit_price, stop_price, trail_amount: money a share.
        trail_percent: a fraction of the price, strictly between 0 and 1.
        good_till: of a GTD order, when it ends (UTC).
        oca_group: orders of one group cancel one another: together they fill no more than the
            largest of them is.
        attached_to: the client_order_id of the entry that this order is an exit of. It rests from
            the entry's first fill on and never fills more than the entry has; the exits of one
            entry are a group.
        native: the algorithm by which the broker works it: a market or limit order of the day.

    Raises:
        ValueError: naming the field that cannot be.
    """

    client_order_id: str
    account: str
    symbol: str
    side: Side
    quantity: int
    order_type: OrderType
    limit_price: Decimal | None = None
    tif: TimeInForce = TimeInForce.DAY
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    good_till: datetime | None = None
    oca_group: str | None = None
    attached_to: str | None = None
    native: NativeAlgo | None = None

    def __post_init__(self) -> None:
        if self.quantity <= 0:
            raise ValueError(f"quantity must be positive, not {self.quantity}")
        wanted = PRICES_OF[self.order_type]
        if self.order_type in MAY_HAVE_LIMIT and self.limit_price is not None:
            wanted = (*wanted, "limit_price")
        _check_price("limit_price", self.limit_price, "limit_price" in wanted, self.order_type)
        _check_price("stop_price", self.stop_price, "stop_price" in wanted, self.order_type)
        if self.order_type is OrderType.TRAILING_STOP:
            check_trail(self.trail_amount, self.trail_percent)
        elif self.trail_amount is not None or self.trail_percent is not None:
            name = "trail_amount" if self.trail_amount is not None else "trail_percent"
            raise ValueError(f"{name} is set on a {self.order_type} order")
        _check_time_in_force(self)
        if self.native is not None:
            _check_native(self, self.native)


def check_trail(amount: Decimal | None, percent: Decimal | None) -> None:
    """A trailing stop has exactly one distance.

    Raises:
        ValueError: naming the field that cannot be.
    """
    if amount is None and percent is None:
        raise ValueError("trail_amount or trail_percent is missing on a trailing_stop order")
    if amount is not None and percent is not None:
        raise ValueError("trail_amount and trail_percent are both set; a trailing stop has one")
    if amount is not None:
        _require_positive("trail_amount", amount)
    if percent is not None and not (percent.is_finite() and 0 < percent < 1):
        raise ValueError(f"trail_percent must be strictly between 0 and 1, not {percent}")


def _check_price(name: str, price: Decimal | None, wanted: bool, order_type: OrderType) -> None:
    if wanted:
        if price is None:
            raise ValueError(f"{name} is missing on a {order_type} order")
        _require_positive(name, price)
    elif price is not None:
        raise ValueError(f"{name} is set on a {order_type} order")


def _require_positive(name: str, value: Decimal) -> None:
    if not value.is_finite() or value <= 0:
        raise ValueError(f"{name} must be positive and finite, not {value}")


def _check_time_in_force(order: Order) -> None:
    if order.tif is TimeInForce.GTD:
        if order.good_till is None:
            raise ValueError("good_till is missing on a gtd order")
        if order.good_till.utcoffset() is None:
            raise ValueError(f"good_till must be a time with a zone, not {order.good_till}")
    elif order.good_till is not None:
        raise ValueError(f"good_till is set on a {order.tif} order")
    if order.order_type not in TYPES_OF.get(order.tif, (order.order_type,)):
        raise ValueError(f"tif {order.tif} does not go with a {order.order_type} order")


def _check_native(order: Order, native: NativeAlgo) -> None:
    if order.order_type not in (OrderType.MARKET, OrderType.LIMIT):
        raise ValueError(f"native {native.algo} does not go with a {order.order_type} order")
    if order.tif is not TimeInForce.DAY:
        raise ValueError(f"native {native.algo} does not go with tif {order.tif}")


def _check_field(name: str, value: object, wanted: bool, algo: Algo) -> None:
    if wanted != (value is not None):
        raise ValueError(f"{name} is {'missing' if wanted else 'set'} on a {algo} order")


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a resting order is to become; its name, side and type stay. ``quantity`` is the whole.

    Raises:
        ValueError: naming the field that cannot be.
    """

    client_order_id: str
    quantity: int
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None

    def __post_init__(self) -> None:
        if self.quantity <= 0:
            raise ValueError(f"quantity must be positive, not {self.quantity}")
        for name, price in (("limit_price", self.limit_price), ("stop_price", self.stop_price)):
            if price is not None:
                _require_positive(name, price)
