"""The orders as the broker knows them: permIds, the ids of clients, what has filled."""

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from .layouts import Values

FIRST_PERM_ID = 1_476_000_001
"""Where permIds begin: they look like IBKR's."""

CANCEL_THE_REST = "1"
"""The ocaType of a group of which one fill cancels the others."""


@dataclass(slots=True)
class BookedOrder:
    """One order as the broker has it.

    Attributes:
        order_id: the client's; 0 once the client's ids went back behind it.
        fields: what the client sent, by name.
        transmitted: whether the broker may work it; before, it lives in the gateway only.
        at_exchange: whether the exchange has it.
        parent: the permId of the order that it is attached to.
        taken_back: shares that corrections took back; they are not traded again.
        stands_at: of one that follows the mid, where it was moved to last.
    """

    perm_id: int
    client_id: int
    order_id: int
    market_symbol: str
    fields: Values
    quantity: int
    status: str = "PreSubmitted"
    transmitted: bool = False
    at_exchange: bool = False
    parent: int | None = None
    filled: int = 0
    value: Decimal = Decimal(0)
    last_price: Decimal = Decimal(0)
    why_held: str = ""
    reason: str = ""
    ended_at: datetime | None = None
    taken_back: int = 0
    stands_at: Decimal | None = None

    @property
    def name(self) -> str:
        """What the exchange calls it: an orderRef need not be unique, a permId is."""
        return str(self.perm_id)

    @property
    def is_live(self) -> bool:
        return self.ended_at is None

    @property
    def remaining(self) -> int:
        return max(0, self.quantity - self.filled - self.taken_back)

    @property
    def average_price(self) -> Decimal:
        return self.value / self.filled if self.filled else Decimal(0)

    @property
    def oca_group(self) -> str:
        """Its group; the exits of a bracket are one without being asked."""
        return self.fields["ocaGroup"] or ("" if self.parent is None else str(self.parent))

    @property
    def cancels_group(self) -> bool:
        """Whether any fill of it cancels the others of its group."""
        return bool(self.fields["ocaGroup"]) and self.fields["ocaType"] == CANCEL_THE_REST

    @property
    def follows_mid(self) -> bool:
        return bool(self.fields["orderType"] == "MIDPRICE")

    @property
    def sign(self) -> int:
        return 1 if self.fields["action"] == "BUY" else -1

    def as_document(self) -> dict[str, Any]:
        """As JSON can keep it."""
        ended = None if self.ended_at is None else self.ended_at.isoformat()
        numbers = {"value": str(self.value), "last_price": str(self.last_price)}
        numbers |= {} if self.stands_at is None else {"stands_at": str(self.stands_at)}
        return asdict(self) | numbers | {"ended_at": ended}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "BookedOrder":
        order = cls(**document)
        order.value, order.last_price = Decimal(order.value), Decimal(order.last_price)
        if order.stands_at is not None:
            order.stands_at = Decimal(order.stands_at)
        if order.ended_at is not None:
            order.ended_at = datetime.fromisoformat(document["ended_at"])
        return order


@dataclass(frozen=True, slots=True)
class BookedExecution:
    """One report of one execution."""

    exec_id: str
    perm_id: int
    at: datetime
    shares: int
    price: Decimal
    cumulative: int
    average_price: Decimal
    commission: Decimal

    def corrected(self, shares: int, price: Decimal) -> "BookedExecution":
        """The report that replaces this one: the same execId but for its last part."""
        prefix, _, version = self.exec_id.rpartition(".")
        return replace(
            self,
            exec_id=f"{prefix}.{int(version) + 1:02d}",
            shares=shares,
            price=price,
            cumulative=self.cumulative + shares - self.shares,
        )


@dataclass(slots=True)
class Book:
    """All orders of the account, and the next id of each client."""

    orders: dict[int, BookedOrder] = field(default_factory=dict)
    executions: list[BookedExecution] = field(default_factory=list)
    next_ids: dict[int, int] = field(default_factory=dict)

    def new_perm_id(self) -> int:
        return max(self.orders, default=FIRST_PERM_ID - 1) + 1

    def next_id(self, client_id: int) -> int:
        """The next order id that a client may use."""
        return self.next_ids.get(client_id, 1)

    def find(self, client_id: int, order_id: int) -> BookedOrder | None:
        """The newest order that a client placed under an id."""
        found = [
            one
            for one in self.orders.values()
            if (one.client_id, one.order_id) == (client_id, order_id)
        ]
        return found[-1] if found else None

    def add(self, order: BookedOrder) -> None:
        self.orders[order.perm_id] = order
        self.use(order.client_id, order.order_id)

    def use(self, client_id: int, order_id: int) -> None:
        """A client's ids begin behind this one from now on."""
        self.next_ids[client_id] = max(self.next_id(client_id), order_id + 1)

    def roll_back(self, client_id: int, ids: int) -> None:
        """The next id of a client goes back; orders that have ended lose theirs from there on."""
        self.next_ids[client_id] = max(1, self.next_id(client_id) - ids)
        for order in self.orders.values():
            if order.client_id == client_id and order.order_id >= self.next_ids[client_id]:
                order.order_id = order.order_id if order.is_live else 0

    def live(self, client_id: int | None = None) -> list[BookedOrder]:
        """The orders that the broker works, of one client or of all."""
        return [
            one
            for one in self.orders.values()
            if one.is_live and one.transmitted and client_id in (None, one.client_id)
        ]

    def ended(self) -> list[BookedOrder]:
        """The orders that the broker had and works no more."""
        return [one for one in self.orders.values() if not one.is_live and one.transmitted]

    def family(self, order: BookedOrder) -> list[BookedOrder]:
        """An order that goes to the broker with what waited for it: its parent and its siblings."""
        root = order.perm_id if order.parent is None else order.parent
        return [
            one
            for one in self.orders.values()
            if root in (one.perm_id, one.parent)
            and one.is_live
            and (one is order or not one.transmitted)
        ]

    def children(self, order: BookedOrder) -> list[BookedOrder]:
        return [one for one in self.orders.values() if one.parent == order.perm_id]

    def others_of_group(self, order: BookedOrder) -> list[BookedOrder]:
        """The live orders of the group that an order names."""
        group = order.fields["ocaGroup"]
        return [one for one in self.live() if one is not order and one.fields["ocaGroup"] == group]

    def by_ref(self) -> Counter[str]:
        """How many orders the broker has, or had, under each orderRef."""
        return Counter(one.fields["orderRef"] for one in self.orders.values() if one.transmitted)
