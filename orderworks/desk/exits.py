"""The exits of an entry that was not planned: the sweep of a parent's rest."""

from dataclasses import replace

from orderworks.ledger.orders import OrderRecord
from orderworks.model.ids import client_order_id
from orderworks.model.order import Algo, Remainder, Side, TimeInForce
from orderworks.planning.exits import EXIT_KINDS, group_of


def exits_of(entry: OrderRecord, parent: OrderRecord, run_key: str) -> list[OrderRecord]:
    """The exits of a sweep, at the prices that its parent states: none where it states none."""
    stated = [kind for kind in EXIT_KINDS if getattr(parent, kind.price) is not None]
    side = Side(entry.side).opposite.value
    return [
        replace(
            entry,
            client_order_id=client_order_id(
                *(entry.account, run_key, entry.strategy, entry.symbol, side),
                f"{kind.position}/sweep",
            ),
            parent_id=None,
            slice_index=0,
            side=side,
            order_type=kind.order_type.value,
            tif=TimeInForce.GTC.value,
            good_till=None,
            algo=Algo.NONE.value,
            route_rule=kind.route_rule,
            decision_price=getattr(parent, kind.price),
            attached_to=entry.client_order_id,
            oca_group=group_of(entry.client_order_id) if len(stated) > 1 else None,
            remainder=Remainder.KEEP.value,
            reduce_only=False,
            **{
                "limit_price": None,
                "stop_price": None,
                kind.own_price: getattr(parent, kind.price),
            },
        )
        for kind in stated
    ]
