"""Names of orders, derived from what they are for: the same intent has the same name, always."""

from collections.abc import Iterable
from functools import cache
from hashlib import blake2b

from orderworks.model.exact import to_side
from orderworks.model.order import Side

PREFIX = "ow-"
DIGEST_BYTES = 16

Row = tuple[str, str, Side | str, str | int]
"""Strategy, symbol, side and position of one order."""


def client_order_id(
    account: str,
    run_key: str,
    strategy: str,
    symbol: str,
    side: Side | str,
    position: str | int,
) -> str:
    """The name of one order: ``ow-`` and 32 hexadecimal digits, the same on every retry.

    ``position`` tells the orders of one symbol in one run apart: 'parent', 'child/3'.

    Raises:
        ValueError: naming the argument that is empty or not text.
    """
    return client_order_ids(account, run_key, [(strategy, symbol, side, position)])[0]


def client_order_ids(account: str, run_key: str, rows: Iterable[Row]) -> list[str]:
    """The names of one run's orders, in the order of ``rows``.

    Raises:
        ValueError: naming the argument that is empty or not text.
    """
    occasion = blake2b(_field(account, "account"), digest_size=DIGEST_BYTES)
    occasion.update(_field(run_key, "run_key"))
    # A run has few strategies, sides and positions: each is written when it is first met.
    strategy_field = cache(lambda strategy: _field(strategy, "strategy"))
    side_field = cache(lambda side: _field(to_side(side).value, "side"))
    position_field = cache(_position_field)
    names = []
    for strategy, symbol, side, position in rows:
        intent = occasion.copy()
        intent.update(
            strategy_field(strategy)
            + _field(symbol, "symbol")
            + side_field(side)
            + position_field(position)
        )
        names.append(PREFIX + intent.hexdigest())
    return names


def _position_field(position: str | int) -> bytes:
    return _field(str(position) if type(position) is int else position, "position")


def _field(text: object, name: str) -> bytes:
    """``text`` behind its length, so that no two lists of fields run together to the same bytes."""
    if not isinstance(text, str) or not text:
        raise ValueError(f"{name} must be text that is not empty, not {text!r}")
    encoded = text.encode("utf-8", "surrogatepass")
    return b"%d:%b" % (len(encoded), encoded)
