"""How much worse than the market's the price of an execution is: models of its own impact.

An amount is in dollars a share, exact, and not negative.
"""

from dataclasses import dataclass
from decimal import Decimal

FINEST = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Taking:
    """An execution as a model sees it.

    Attributes:
        price: of the market, in dollars.
        order_filled: shares of the order that are filled, with these.
        bar_taken: shares that were taken of the bar's volume, with these.
        bar_volume: shares that traded in the bar.
    """

    price: Decimal
    order_filled: int
    bar_taken: int
    bar_volume: int


@dataclass(frozen=True, slots=True)
class FixedBasisPoints:
    """A fixed part of the price. As zipline's FixedBasisPointsSlippage, with its defaults.

    Attributes:
        basis_points: hundredths of a per cent of the price.
        volume_limit: the fraction of a bar's volume that may be taken.
    """

    basis_points: Decimal = Decimal(5)
    volume_limit: Decimal = Decimal("0.1")

    def amount(self, taking: Taking) -> Decimal:
        return taking.price * self.basis_points / 10_000


@dataclass(frozen=True, slots=True)
class VolumeShare:
    """price_impact * share^2 of the price, share being what was taken of the bar's volume.

    As zipline's VolumeShareSlippage, with its defaults.
    """

    price_impact: Decimal = Decimal("0.1")
    volume_limit: Decimal = Decimal("0.025")

    def amount(self, taking: Taking) -> Decimal:
        share = min(Decimal(taking.bar_taken) / taking.bar_volume, self.volume_limit)
        return share * share * self.price_impact * taking.price


@dataclass(frozen=True, slots=True)
class SquareRootImpact:
    """The square-root law for one symbol, which moves so much a day and trades so much.

    Attributes:
        volatility: the standard deviation of a day's return, a fraction.
        average_volume: shares a day.
    """

    coefficient: Decimal
    volatility: Decimal
    average_volume: Decimal
    volume_limit: None = None

    def amount(self, taking: Taking) -> Decimal:
        part = Decimal(taking.order_filled) / self.average_volume
        impact = self.coefficient * self.volatility * part.sqrt() * taking.price
        return impact.quantize(FINEST)


@dataclass(frozen=True, slots=True)
class SquareRoot:
    """coefficient * volatility * sqrt(filled / average volume) of the price.

    The square-root law of market impact, with what is filled of the whole order; the coefficient
    is about 0.5 to 1. It is rounded to a hundred-millionth of a dollar, halves to even.
    """

    coefficient: Decimal = Decimal(1)

    def of(self, volatility: Decimal, average_volume: Decimal) -> SquareRootImpact:
        return SquareRootImpact(self.coefficient, volatility, average_volume)


Impact = FixedBasisPoints | VolumeShare | SquareRootImpact
"""A model as it is applied to the executions of one symbol."""
Slippage = FixedBasisPoints | VolumeShare | SquareRoot
"""A model as it is chosen."""
