"""The section ``broker``: where orders go, and what kind of account it is."""

from typing import Annotated, Literal

from pydantic import Field

from orderworks.settings.ibkr import IbkrBroker
from orderworks.settings.section import AccountName, Section, WithinADayOrNone
from orderworks.settings.simulated import SimulatedBroker

REGULATION_T = 2.0
"""A margin account opens a position with half of what it is worth."""


class PaperStubBroker(Section):
    account: AccountName
    seed: int
    slippage_bps: Annotated[float, Field(ge=0, le=100)]


class Broker(Section):
    provider: Literal["simulated", "ibkr", "paper_stub"]
    paper_trading: bool
    fallback: Literal["none", "paper_stub"]
    fallback_market: str
    messages_per_second: Annotated[int, Field(ge=0, le=100_000)]
    patience_seconds: WithinADayOrNone
    simulated: SimulatedBroker
    paper_stub: PaperStubBroker
    ibkr: IbkrBroker

    @property
    def account(self) -> str:
        """The account that the chosen provider trades."""
        match self.provider:
            case "simulated":
                return self.simulated.account
            case "paper_stub":
                return self.paper_stub.account
            case "ibkr":
                return self.ibkr.account_id

    @property
    def mode(self) -> Literal["paper", "live"]:
        """Which kind of account is meant, where the broker has both."""
        return "paper" if self.paper_trading else "live"

    @property
    def what_if_orders(self) -> int:
        """Of how many orders of a run the broker is asked what they would do to the margin."""
        match self.provider:
            case "simulated":
                return self.simulated.what_if_orders
            case "paper_stub":
                return 0
            case "ibkr":
                return self.ibkr.what_if_orders

    @property
    def allows_short(self) -> bool:
        """Whether the account may sell short, as far as settings decide it."""
        return self.provider != "simulated" or self.simulated.can_short

    @property
    def leverage(self) -> float:
        """What may be held for each unit of equity when it is opened."""
        is_cash = self.provider == "simulated" and self.simulated.account_type == "cash"
        return 1.0 if is_cash else REGULATION_T
