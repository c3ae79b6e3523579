"""What is to be made of what a gateway shows: one question one function. Pure."""

from collections.abc import Iterator

from orderworks.brokers.ibkr.accounts import (
    MODE_OF_PORT,
    check_configured,
    check_managed,
)
from orderworks.brokers.ibkr.examination.seen import Seen
from orderworks.brokers.ibkr.market.following import KINDS
from orderworks.brokers.ibkr.market.following import LIVE as LIVE_QUOTES
from orderworks.model.errors import BrokerError
from orderworks.model.finding import Finding, Level
from orderworks.settings import IbkrBroker as IbkrSettings

TELLS_LOTS = 164
"""The first server version that tells by which sizes a symbol trades."""

AHEAD_WARNING, AHEAD_FAILS = 2.0, 30.0
"""Seconds between our clock and the gateway's: times of orders and of executions are compared by them."""


def judge(
    seen: Seen, settings: IbkrSettings, mode: str, *, highest: int, worker: str | None
) -> Iterator[Finding]:
    """The findings of one look.

    Args:
        mode: paper or live, whichever is meant.
        highest: the highest number that an order went out under, 0 for none.
        worker: the process that works the account at this time, if one does.
    """
    yield judge_version(seen)
    yield judge_accounts(seen, settings, mode)
    yield judge_mode(settings, mode)
    yield judge_read_only(seen)
    yield judge_client_id(seen, settings, worker)
    yield judge_numbers(seen, settings, highest)
    yield judge_clock(seen, settings)
    yield judge_quotes(seen, settings)


def judge_version(seen: Seen) -> Finding:
    """Whether the gateway tells all that is made use of."""
    told = f"reached at {seen.where}, server version {seen.server_version}"
    if seen.server_version >= TELLS_LOTS:
        return Finding(Level.OK, "gateway", told)
    advice = f"before {TELLS_LOTS} it does not tell by which lots a symbol trades; update it"
    return Finding(Level.WARNING, "gateway", f"{told}; {advice}")


def judge_accounts(seen: Seen, settings: IbkrSettings, mode: str) -> Finding:
    """Whether its user manages the configured account, and no other."""
    try:
        check_managed(settings.account_id, mode, seen.accounts, seen.where)
    except BrokerError as error:
        return Finding(Level.FAILS, "account", str(error))
    return Finding(Level.OK, "account", f"it manages {settings.account_id}, and no other")


def judge_mode(settings: IbkrSettings, mode: str) -> Finding:
    """Whether the setting, the account's id and the port are all of paper, or all of live trading."""
    try:
        check_configured(settings.account_id, settings.port, mode)
    except BrokerError as error:
        return Finding(Level.FAILS, "mode", str(error))
    port = "agrees" if settings.port in MODE_OF_PORT else "is of neither mode, so it proves nothing"
    told = f"{mode}, by broker.paper_trading and account {settings.account_id}; port {settings.port} {port}"
    return Finding(Level.OK, "mode", told)


def judge_read_only(seen: Seen) -> Finding:
    """Whether it shows and takes orders at all."""
    if seen.refuses_orders is None:
        return Finding(Level.OK, "orders", "open orders are shown: it is not read-only")
    return Finding(Level.FAILS, "orders", seen.refuses_orders)


def judge_client_id(seen: Seen, settings: IbkrSettings, worker: str | None) -> Finding:
    """Whether a run could connect now."""
    name = f"broker.ibkr.client_id {settings.client_id}"
    if seen.next_number is not None:
        return Finding(Level.OK, "client id", f"{name} is free")
    if worker is not None:
        return Finding(Level.OK, "client id", f"{name} is left to {worker}, which has the account")
    return Finding(
        Level.FAILS,
        "client id",
        f"{name} is in use, and not by a run of this account; end the program that has it, or wait "
        "until the gateway has noticed that it is gone (what rests can only be cancelled under it)",
    )


def judge_numbers(seen: Seen, settings: IbkrSettings, highest: int) -> Finding:
    """Whether the gateway counts on from the highest number that an order went out under."""
    ours = f"the highest that an order went out under is {highest or 'none'}"
    if seen.next_number is None:
        told = f"not asked, as client id {settings.client_id} is in use; {ours}"
        return Finding(Level.WARNING, "order numbers", told)
    if seen.next_number > highest:
        told = f"the gateway's next one is {seen.next_number}, {ours}"
        return Finding(Level.OK, "order numbers", told)
    return Finding(
        Level.WARNING,
        "order numbers",
        f"the gateway's went back to {seen.next_number}, {ours}; orders go out from {highest + 1} on, "
        "and there is nothing to change unless another program uses the client id",
    )


def judge_clock(seen: Seen, settings: IbkrSettings) -> Finding:
    """Whether our clock and the gateway's are the same."""
    off = abs(seen.ahead_seconds)
    side = "ahead of" if seen.ahead_seconds > 0 else "behind"
    told = f"the gateway is {off:.1f} s {side} this machine"
    if settings.clock == "gateway":
        return Finding(Level.OK, "clock", f"{told}, and its time is gone by (broker.ibkr.clock)")
    if off <= AHEAD_WARNING:
        return Finding(Level.OK, "clock", told)
    advice = "let both machines keep their time by NTP"
    level = Level.WARNING if off <= AHEAD_FAILS else Level.FAILS
    return Finding(level, "clock", f"{told}; {advice}")


def judge_quotes(seen: Seen, settings: IbkrSettings) -> Finding:
    """Whether the quotes that come can be priced from."""
    quotes = seen.quotes
    if quotes.kind is None and quotes.said:
        told = f"none of {quotes.symbol}: {quotes.said}"
        return Finding(Level.FAILS, "market data", told)
    if quotes.kind is None:
        told = (
            f"no quote of {quotes.symbol} came within {settings.first_quote_seconds:g} s; look again "
            "while the market is open, and at the gateway's data farms"
        )
        return Finding(Level.WARNING, "market data", told)
    kind = KINDS.get(quotes.kind, f"of type {quotes.kind}")
    if quotes.kind == LIVE_QUOTES:
        return Finding(Level.OK, "market data", f"quotes of {quotes.symbol} are {kind}")
    if settings.allow_delayed_quotes:
        told = (
            f"quotes of {quotes.symbol} are {kind}, and paper trading prices from them as if live"
        )
        return Finding(Level.WARNING, "market data", told)
    return Finding(
        Level.FAILS,
        "market data",
        f"quotes of {quotes.symbol} are {kind}, and only live ones are priced from; subscribe to US "
        "stocks' quotes at Interactive Brokers and share them with the paper user, or in paper trading "
        "set broker.ibkr.allow_delayed_quotes",
    )
