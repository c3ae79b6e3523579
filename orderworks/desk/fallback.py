"""Falling back from a gateway that cannot be reached to the paper stub: at a run's start, never later.

The stub has an account of its own, and nothing of the broker's account is touched. A run stays where it
began: one that the broker's account has is never gone on with on the stub, which would trade its signals
twice, and one that fell back is never gone on with at the broker.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from orderworks.desk.opening import Occasion
from orderworks.ledger.connection import database_url, open_ledger
from orderworks.ledger.controls import refuse_while_killed
from orderworks.ledger.runs import fell_back_from, find_run
from orderworks.model.errors import InputError
from orderworks.settings import Settings, home_directory

FALL_BACK = frozenset({"daily", "intraday", "rebalance"})
"""The kinds of run that may: those that plan new trades. Books are never reconciled with a stand-in."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """What a run goes on with, whose account it would have traded, and why it does not."""

    settings: Settings
    asked: Occasion
    instead_of: str
    reason: str

    @property
    def sentence(self) -> str:
        """For whoever started the run."""
        return (
            f"on the paper stub's account {self.settings.broker.account}, NOT at Interactive Brokers "
            f"({self.instead_of}): {self.reason}"
        )


async def fallback_of(settings: Settings, asked: Occasion) -> Fallback | None:
    """What to go on with instead of the broker that is set; None where that is to be worked with.

    Raises:
        InputError: if it would be fallen back, and there are no recorded quotes for the stub.
        KillSwitchThrown: if the broker's account is stopped; the stub does not trade for it then.
    """
    broker = settings.broker
    if broker.provider != "ibkr" or broker.fallback == "none" or asked.kind not in FALL_BACK:
        return None
    stub = settings.model_copy(
        update={"broker": broker.model_copy(update={"provider": broker.fallback})}
    )
    with open_ledger(database_url(home_directory())) as ledger:
        if find_run(ledger, broker.account, asked.run_key) is not None:
            return None
        before = fell_back_from(ledger, stub.broker.account, asked.run_key) == broker.account
        if before:
            reason = f"run '{asked.run_key}' began there"
        else:
            # Its client takes its time to be loaded.
            from orderworks.brokers.ibkr.reach import why_unreachable

            unreachable = await why_unreachable(broker.ibkr)
            if unreachable is None:
                return None
            reason = unreachable
        refuse_while_killed(ledger, broker.account)
    market = asked.market or _market_of(settings)
    if market is None:
        raise InputError(
            f"{reason}; the paper stub, which broker.fallback names, replays recorded quotes and none "
            "are named: pass --market DIR or set broker.fallback_market"
        )
    return Fallback(stub, replace(asked, market=market), broker.account, reason)


def _market_of(settings: Settings) -> Path | None:
    named = settings.broker.fallback_market
    return Path(named).expanduser().absolute() if named else None
