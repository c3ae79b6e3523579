"""Whether a gateway is the one that was meant: port, accounts and mode must agree. Pure."""

from collections.abc import Sequence

from orderworks.model.errors import BrokerError

PAPER, LIVE = "paper", "live"

PAPER_PREFIXES = ("DU", "DF")
"""How the ids of paper accounts begin (DU..., also DUD, DUK and DUM; DF for advisors)."""

MODE_OF_PORT = {4001: LIVE, 4002: PAPER, 7496: LIVE, 7497: PAPER}
"""The ports that the Gateway and TWS listen at, unless they are set to others."""


def mode_of(account: str) -> str:
    """Whether an account is a paper or a live one, by its id."""
    return PAPER if account.upper().startswith(PAPER_PREFIXES) else LIVE


def check_configured(account: str, port: int, mode: str) -> None:
    """What can be told before any connection is made.

    Raises:
        BrokerError: naming what does not fit, and what to correct.
    """
    if not account:
        raise BrokerError(
            "no account is configured; set broker.ibkr.account_id to the one that is to be traded"
        )
    theirs = mode_of(account)
    if theirs != mode:
        raise BrokerError(
            f"account {account} is a {theirs} account and broker.paper_trading asks for {mode} "
            "trading; correct broker.ibkr.account_id or broker.paper_trading"
        )
    at_port = MODE_OF_PORT.get(port, mode)
    if at_port != mode:
        raise BrokerError(
            f"port {port} is that of {at_port} trading and broker.paper_trading asks for {mode} "
            "trading; correct broker.ibkr.port or broker.paper_trading"
        )


def check_managed(account: str, mode: str, managed: Sequence[str], where: str) -> None:
    """What the gateway says of itself: it must manage the configured account, and no other.

    Raises:
        BrokerError: naming the accounts that it manages, and what to correct.
    """
    others = [one for one in managed if one != account]
    if account in managed and not others:
        return
    wrong_mode = [one for one in others if mode_of(one) != mode]
    if wrong_mode:
        raise BrokerError(
            f"the gateway at {where} is logged in to the {mode_of(wrong_mode[0])} account "
            f"{wrong_mode[0]} and {mode} trading of {account or 'no account'} was asked for; "
            "nothing is sent: log in to the account that is meant, or correct the settings"
        )
    raise BrokerError(
        f"the gateway at {where} manages {', '.join(managed) or 'no account'} and only {account} may "
        "be traded; nothing is sent: log in as a user of that account alone, or correct "
        "broker.ibkr.account_id"
    )
