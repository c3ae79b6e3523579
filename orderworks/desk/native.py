"""What a broker works by itself: which brokers do what, and an order as their algorithm takes it."""

from collections.abc import Mapping
from decimal import Decimal

import pandas as pd

from orderworks.ledger.orders import OrderRecord
from orderworks.model.errors import InputError
from orderworks.model.order import NATIVE, TIMED, Algo, NativeAlgo, OrderType, Priority, Remainder

OFFERED: Mapping[str, frozenset[str]] = {
    "ibkr": frozenset({*NATIVE, OrderType.MIDPRICE}),
}
"""By provider, the algorithms and order types that only some brokers have."""

SPECIAL = frozenset({*NATIVE, OrderType.MIDPRICE})


def require_offered(provider: str, routed: pd.DataFrame) -> None:
    """Whether the broker has what orders are routed to.

    Raises:
        InputError: naming the first row whose route it does not have.
    """
    lacking = SPECIAL - OFFERED.get(provider, frozenset())
    for column in ("algo", "order_type"):
        rows = routed[routed[column].isin(lacking)]
        if len(rows):
            first = rows.iloc[0]
            place = f"row {first['row']} ({first['symbol']})" if "row" in rows else first["symbol"]
            raise InputError(
                f"{place} is routed to {first[column]}, which the {provider} broker does not "
                f"have; give it another {column}, or trade it at Interactive Brokers (--broker ibkr)"
            )


def native_algo(order: OrderRecord) -> NativeAlgo | None:
    """How the broker's algorithm is to work an order; None where we do.

    It follows from what is frozen alone: a message that is sent again must be the same, as an
    algorithm cannot be changed.
    """
    if order.native is None:
        return None
    algo, said = Algo(order.algo), order.native
    timed = algo in TIMED
    return NativeAlgo(
        algo,
        starts_at=order.due_at if timed else None,
        ends_at=order.ends_at if timed else None,
        outlasts=timed and order.remainder == Remainder.KEEP,
        max_volume_pct=Decimal(said["max_volume_pct"]) if "max_volume_pct" in said else None,
        takes_liquidity=said.get("takes_liquidity", True),
        priority=Priority(said["priority"]) if "priority" in said else None,
    )
