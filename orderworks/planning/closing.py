"""Closing everything that an account holds, in the names of those whose it is: a pure kernel."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orderworks.model.order import FLATTEN


@dataclass(frozen=True, slots=True)
class Closing:
    """A trade that closes what a strategy holds of a symbol; ``shares`` is signed: negative sells."""

    strategy: str
    symbol: str
    shares: int


def closing_trades(held: Mapping[str, int], own: Iterable[tuple[str, str, int]]) -> list[Closing]:
    """The trades that bring an account to zero in every symbol, and none that it needs not.

    A symbol is closed in the names of the strategies that hold it on the account's side, the
    largest first; where others hold the other side, their shares cancel out and stay as they are.
    What no strategy accounts for is closed for the account itself, before all others.

    Args:
        held: the account's signed shares by symbol.
        own: (strategy, symbol, signed shares) by each strategy's own fills.

    Returns:
        Trades whose sum is ``-held`` in each symbol, all of one sign in a symbol.
    """
    holders: dict[str, list[tuple[int, str]]] = {}
    for strategy, symbol, shares in own:
        if shares * held.get(symbol, 0) > 0:
            holders.setdefault(symbol, []).append((abs(shares), strategy))
    trades = []
    for symbol, shares in sorted(held.items()):
        if not shares:
            continue
        sign, left = (-1 if shares > 0 else 1), abs(shares)
        whose = sorted(holders.get(symbol, []), key=lambda one: (-one[0], one[1]))
        nobodys = max(0, left - sum(size for size, _ in whose))
        for size, strategy in [(nobodys, FLATTEN), *whose]:
            closed = min(size, left)
            if closed:
                trades.append(Closing(strategy, symbol, sign * closed))
            left -= closed
    return trades
