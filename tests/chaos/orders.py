"""A day's orders, drawn from a seed: what a trader might have planned, small enough to be quick."""

import random
from collections.abc import Callable
from decimal import Decimal

from working_orders import at, family, order

from orderworks.ledger.orders import OrderRecord
from orderworks.market.universe import Listing

LISTINGS = {
    "AAPL": Listing(100.0, 50_000_000, 0.015, 1),
    # Thin, so that orders rest, fill in parts and leave rests.
    "SLIM": Listing(100.0, 400_000, 0.010, 3),
}

Draws = random.Random
Kind = Callable[[str, Draws], list[OrderRecord]]


def simple(name: str, draws: Draws) -> list[OrderRecord]:
    """A limit that is priced when it is sent, or a market order, sent whole."""
    is_market = draws.random() < 0.4
    return [
        order(
            name,
            draws.randint(10, 400),
            algo="none",
            order_type="market" if is_market else "limit",
            limit_price=None,
            route_rule="URGENT" if is_market else draws.choice(("MEDIUM", "SMALL")),
            due_at=at(draws.choice((0, 0, 45, 90))),
            remainder=draws.choice(("keep", "cancel", "sweep")),
            symbol=draws.choice(list(LISTINGS)),
        )
    ]


def sliced(name: str, draws: Draws) -> list[OrderRecord]:
    """A TWAP whose rest is swept."""
    quantities = [draws.randint(20, 3_000) for _ in range(draws.randint(2, 4))]
    symbol = draws.choice(list(LISTINGS))
    return family(name, *quantities, symbol=symbol, limit_price=None, remainder="sweep")


def passive(name: str, draws: Draws) -> list[OrderRecord]:
    """A TWAP whose slices rest at the touch and cross the spread shortly before their time is over."""
    quantities = [draws.randint(20, 600) for _ in range(draws.randint(2, 3))]
    parent, *slices = family(
        name,
        *quantities,
        symbol=draws.choice(list(LISTINGS)),
        limit_price=None,
        route_rule="LARGE_PASSIVE",
        remainder="sweep",
    )
    for place, one in enumerate(slices):
        one.cross_at = at(60 * place + 50)
    return [parent, *slices]


def following(name: str, draws: Draws) -> list[OrderRecord]:
    """A limit that follows the touch."""
    return [
        order(
            name,
            draws.randint(100, 900),
            algo="none",
            limit_price=None,
            route_rule="SMALL",
            remainder="reprice",
            symbol="SLIM",
        )
    ]


def patient(name: str, draws: Draws) -> list[OrderRecord]:
    """A limit of the trader's own, far from the market, which is cancelled in the end."""
    price = Decimal(draws.randint(80, 90))
    limits = {"limit_price": price, "route_rule": "SIGNAL", "remainder": "cancel"}
    return [order(name, draws.randint(10, 200), algo="none", **limits)]


def bracket(name: str, draws: Draws) -> list[OrderRecord]:
    """An entry with a stop and a target, and perhaps what closes it again."""
    quantity = draws.randint(20, 500)
    symbol = draws.choice(list(LISTINGS))
    entry = order(
        name,
        quantity,
        algo="none",
        symbol=symbol,
        order_type="market",
        limit_price=None,
        route_rule="URGENT",
    )
    of_exits = {
        "algo": "none",
        "side": "sell",
        "tif": "gtc",
        "symbol": symbol,
        "attached_to": name,
        "oca_group": f"oca-{name}",
        "due_at": at(0),
    }
    close_by = Decimal(draws.choice((1, 2, 20))) / 10
    stop = order(
        f"{name}.stop",
        quantity,
        order_type="stop",
        limit_price=None,
        stop_price=100 - close_by,
        route_rule="STOP_LOSS",
        **of_exits,
    )
    target = order(
        f"{name}.target",
        quantity,
        limit_price=100 + close_by,
        route_rule="TAKE_PROFIT",
        **of_exits,
    )
    closer = order(
        f"{name}.closer",
        draws.randint(1, quantity),
        algo="none",
        side="sell",
        symbol=symbol,
        order_type="market",
        limit_price=None,
        route_rule="URGENT",
        due_at=at(120),
        reduce_only=True,
    )
    return [entry, stop, target, *([closer] if draws.random() < 0.5 else [])]


KINDS: tuple[Kind, ...] = (simple, sliced, passive, following, patient, bracket)


def days_orders(seed: int) -> list[OrderRecord]:
    """Two to four intents of different kinds, each with all that it is worked through."""
    draws = random.Random(f"{seed}:orders")
    kinds = draws.sample(KINDS, draws.randint(2, 4))
    planned: list[OrderRecord] = []
    for place, kind in enumerate(kinds):
        name = f"{kind.__name__}{place}"
        own = kind(name, draws)
        for one in own:
            one.strategy = name
        planned += own
    # Parents stand before their children, and entries before their exits.
    return sorted(planned, key=lambda one: (one.parent_id is not None, one.is_exit))
