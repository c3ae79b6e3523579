"""What one side of the market could close of a symbol, whose it is, and what is spoken for."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from orderworks.model.order import Side


@dataclass(frozen=True, slots=True)
class Holdings:
    """Signed shares: of the account by symbol, and by symbol of each strategy's own orders."""

    account: Mapping[str, int]
    own: Mapping[str, Mapping[str, int]]

    def stake(self, symbol: str, side: str) -> "Stake":
        """What orders of a side could close of a symbol."""
        held = -Side(side).sign
        own = {strategy: held * shares for strategy, shares in self.own.get(symbol, {}).items()}
        return Stake(held * self.account.get(symbol, 0), own)


@dataclass(slots=True)
class Stake:
    """Shares of one symbol that one side closes; negative where that side holds them instead.

    A strategy closes what its own orders hold, and what no strategy accounts for, whoever comes
    first. One that holds nothing itself closes what the account holds, as a rebalance does: it
    has no name here but None, and while it is at work all together close no more than that.

    Attributes:
        account: held by the account.
        own: held by each strategy's own orders.
        taken: what orders may close, by owner.
        closers: the owners whose positions are being closed, not only protected.
    """

    account: int
    own: Mapping[str, int]
    taken: Counter[str | None] = field(default_factory=Counter)
    closers: set[str | None] = field(default_factory=set)

    def owner_of(self, strategy: str) -> str | None:
        """Whose shares a strategy's orders close: its own, or (None) the account's."""
        return strategy if self.own.get(strategy, 0) > 0 else None

    def free(self, owner: str | None) -> int:
        """What an owner may close and nothing is to close yet."""
        left = self.account - self.taken.total()
        if owner is None:
            return max(0, left)
        unattributed = self.account - sum(self.own.values())
        elsewhere = sum(
            max(0, self.taken[other] - self._held(other))
            for other in {*self.own, *self.taken} - {owner}
        )
        free = self._held(owner) + max(0, unattributed - elsewhere) - self.taken[owner]
        return max(0, min(free, left) if None in self.closers else free)

    def take(self, owner: str | None, shares: int) -> None:
        """An owner's order may close so many."""
        self.taken[owner] += shares

    def close(self, owner: str | None, shares: int) -> None:
        """The same of an order that closes, not one that only protects."""
        self.take(owner, shares)
        self.closers.add(owner)

    def is_closed_for(self, strategy: str) -> bool:
        """Whether a position of a strategy is being closed, by itself or with the account's."""
        return strategy in self.closers or None in self.closers

    def _held(self, owner: str | None) -> int:
        return 0 if owner is None else self.own.get(owner, 0)
