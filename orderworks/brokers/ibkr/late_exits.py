"""Exits that go out after their entry: what they are then, so that none can turn a position. Pure.

With its entry an exit is part of a bracket, and the broker lets it rest from the entry's first fill on.
After it, it is attached to an entry that still rests, and stands alone, no larger than what was filled,
once the entry has ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orderworks.ledger.orders import OrderRecord
from orderworks.model.order import Order
from orderworks.model.state import TERMINAL

NO_ENTRY = "its entry was not sent under this client id, so that it could not be attached to it"
NOTHING_TO_PROTECT = "its entry ended unfilled: there is nothing to protect"


@dataclass(frozen=True, slots=True)
class Placed:
    """``orders`` to send; ``entries``: the numbers of those that exits are attached to; ``shrunk``: who
    is sent smaller than asked for; ``refused``: who is not sent, and why."""

    orders: list[Order]
    entries: dict[str, int]
    shrunk: set[str]
    refused: dict[str, str]


def place_late_exits(
    orders: Sequence[Order], entries: Mapping[str, OrderRecord], numbers: Mapping[str, int]
) -> Placed:
    """What is sent of a batch, whose exits may belong to entries that were sent before.

    Args:
        entries: by name, the entries that are not in the batch, as the ledger has them.
        numbers: by name, the numbers that these were last sent under.
    """
    placed = Placed([], {}, set(), {})
    sent = {order.client_order_id for order in orders}
    for order in orders:
        name, of = order.client_order_id, order.attached_to
        if of is None or of in sent:
            placed.orders.append(order)
            continue
        entry = entries.get(of)
        if entry is None or (entry.state not in TERMINAL and of not in numbers):
            placed.refused[name] = NO_ENTRY
        elif entry.state not in TERMINAL:
            placed.entries[of] = numbers[of]
            placed.orders.append(order)
        elif not entry.filled_quantity:
            placed.refused[name] = NOTHING_TO_PROTECT
        else:
            quantity = min(order.quantity, entry.filled_quantity)
            if quantity < order.quantity:
                placed.shrunk.add(name)
            placed.orders.append(replace(order, quantity=quantity))
    return placed
