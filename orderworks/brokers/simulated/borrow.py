"""Shares that must be borrowed to be sold short, and whether they can be: a pure kernel."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ShortSales:
    """What the account may sell short.

    Attributes:
        permitted: whether it may at all.
        borrowable: shares that it can borrow of each symbol, those that it is short included; a
            symbol that is not named: without limit.
    """

    permitted: bool
    borrowable: Mapping[str, int] = field(default_factory=dict)

    def refusal(self, symbol: str, held: int, selling: int, quantity: int) -> str | None:
        """Why ``quantity`` more shares may not be sold; None where they may.

        Args:
            held: signed shares.
            selling: shares that resting orders sell; those beyond the shares held are short sales
                and count as borrowed.
        """
        sellable = max(0, held - selling)
        short = quantity - sellable
        if short <= 0:
            return None
        if not self.permitted:
            return (
                f"short sale not permitted: {sellable} shares are held and not being sold, "
                f"{quantity} to sell"
            )
        if symbol not in self.borrowable:
            return None
        left = max(0, self.borrowable[symbol] - max(0, selling - held))
        if short <= left:
            return None
        return f"short sale not possible: {left} shares of {symbol} can be borrowed, {short} needed"
