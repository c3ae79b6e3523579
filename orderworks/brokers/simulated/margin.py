"""What an account must have behind its positions: a pure kernel.

A margin account follows Regulation T (12 CFR 220.12) when a position is opened: half of what it is
worth must be equity, long or short. Afterwards FINRA rule 4210(c) applies: 25 % of a long position,
and of a short one the greater of 30 % and 5 $ a share, or below 5 $ of 100 % and 2.50 $ a share. What
is asked for at the opening is never less than what is asked for afterwards (4210(b)). A cash account
(Regulation T, 220.8) pays in full and sells only what it holds. The 2,000 $ that 4210(b)(4) asks for
at least and the settlement of trades are not modelled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

AccountType = Literal["margin", "cash"]

INITIAL = Decimal("0.5")
MAINTENANCE_LONG = Decimal("0.25")
MAINTENANCE_SHORT = Decimal("0.30")
OPENED_LONG = max(INITIAL, MAINTENANCE_LONG)
CHEAP = Decimal(5)
"""Below this price a short share asks for all of its worth, from it on for this much at least."""
LEAST_SHORT = Decimal("2.50")


@dataclass(frozen=True, slots=True)
class Margin:
    """An account against what its positions ask for; money.

    Attributes:
        equity: cash and the worth of all positions, short ones negative.
        initial: what the positions would ask for if they were opened now.
        maintenance: what they ask for to be kept.
        account_type: which rules these are.
    """

    equity: Decimal
    initial: Decimal
    maintenance: Decimal
    account_type: AccountType = "margin"

    @property
    def excess_liquidity(self) -> Decimal:
        """What the account can lose before a margin call; negative, in one."""
        return self.equity - self.maintenance

    @property
    def is_called(self) -> bool:
        """Whether equity is below what the positions ask for to be kept."""
        return self.excess_liquidity < 0

    @property
    def buying_power(self) -> Decimal:
        """The worth of what can be bought on top of the positions."""
        return max(Decimal(0), self.equity - self.initial) / initial_a_share(
            1, Decimal(1), self.account_type
        )


def margin(
    cash: Decimal,
    positions: Mapping[str, int],
    marks: Mapping[str, Decimal],
    account_type: AccountType = "margin",
) -> Margin:
    """The margin of an account.

    Args:
        cash: its balance, the proceeds of short sales included.
        positions: signed shares by symbol.
        marks: money a share, for each symbol that is held.
    """
    held = [(shares, marks[symbol]) for symbol, shares in positions.items() if shares]
    return Margin(
        equity=cash + sum((shares * mark for shares, mark in held), start=Decimal(0)),
        initial=sum((initial(shares, mark, account_type) for shares, mark in held), Decimal(0)),
        maintenance=sum(
            (maintenance(shares, mark, account_type) for shares, mark in held), Decimal(0)
        ),
        account_type=account_type,
    )


def initial(shares: int, mark: Decimal, account_type: AccountType) -> Decimal:
    """What opening a position of signed shares asks for: money."""
    return abs(shares) * initial_a_share(shares, mark, account_type)


def maintenance(shares: int, mark: Decimal, account_type: AccountType) -> Decimal:
    """What keeping a position of signed shares asks for: money. What is paid for asks for nothing."""
    if account_type == "cash":
        return Decimal(0)
    return abs(shares) * _maintenance_a_share(shares, mark)


def initial_a_share(sign: int, mark: Decimal, account_type: AccountType) -> Decimal:
    """What one share asks for when it is opened long (positive) or short (negative ``sign``)."""
    if account_type == "cash":
        return mark
    if sign >= 0:
        return OPENED_LONG * mark
    return max(INITIAL * mark, _maintenance_a_share(sign, mark))


def largest_position(sign: int, mark: Decimal, budget: Decimal, account_type: AccountType) -> int:
    """How many shares long or short ``budget`` opens: one more would ask for more than it."""
    return int(max(Decimal(0), budget) // initial_a_share(sign, mark, account_type))


def _maintenance_a_share(sign: int, mark: Decimal) -> Decimal:
    if sign >= 0:
        return MAINTENANCE_LONG * mark
    return max(mark, LEAST_SHORT) if mark < CHEAP else max(MAINTENANCE_SHORT * mark, CHEAP)
