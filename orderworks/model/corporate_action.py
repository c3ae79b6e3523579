"""What an issuer does to its shares, and what that did to an account."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction


class ActionKind(StrEnum):
    """What an issuer does. Of one day, the dividend comes first: on the shares held before."""

    DIVIDEND = "dividend"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """A split or a cash dividend, in force from the open of ``ex_date``.

    Attributes:
        ratio: of a split, new shares for one old: 2, 3/2, or of a reverse split 1/10.
        amount: of a dividend, money a share.

    Raises:
        ValueError: if it has not exactly what its kind asks for, above zero.
    """

    ex_date: date
    symbol: str
    kind: ActionKind
    ratio: Fraction | None = None
    amount: Decimal | None = None

    def __post_init__(self) -> None:
        _check_terms(self.kind, self.ratio, self.amount)


@dataclass(frozen=True, slots=True)
class AppliedAction:
    """What a corporate action did to one account, as the broker tells it.

    Attributes:
        action_id: the broker's name of it, which no other action of the account has.
        quantity_change: shares that the position gained, signed.
        cash_change: money that the account got; negative, paid.
        at: when the broker applied it.

    Raises:
        ValueError: if it has not exactly what its kind asks for, above zero.
    """

    action_id: str
    ex_date: date
    symbol: str
    kind: ActionKind
    ratio: Fraction | None
    amount: Decimal | None
    quantity_change: int
    cash_change: Decimal
    at: datetime

    def __post_init__(self) -> None:
        _check_terms(self.kind, self.ratio, self.amount)


def _check_terms(kind: ActionKind, ratio: Fraction | None, amount: Decimal | None) -> None:
    wanted, other = (ratio, amount) if kind is ActionKind.SPLIT else (amount, ratio)
    name, strange = ("ratio", "amount") if kind is ActionKind.SPLIT else ("amount", "ratio")
    if wanted is None or wanted <= 0:
        raise ValueError(f"{name} of a {kind} must be positive, not {wanted}")
    if other is not None:
        raise ValueError(f"{strange} is set on a {kind}")
