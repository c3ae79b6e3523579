"""``orderworks deploy``: the deployments of more accounts, on a server that runs."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

from flows.environment import prepare
from flows.operating.accounts import another
from flows.operating.claim import running_address
from flows.operating.server import Answer, found_at
from orderworks.model.errors import InputError
from orderworks.settings import home_directory


def deploy(
    accounts: list[str], broker: str | None, given: list[str], tell: Callable[[str], None]
) -> None:
    """Registers the deployments of accounts, each with limits and a queue of its own.

    Args:
        broker: whose accounts they are; as set if not given.
        given: settings of these accounts alone, each as ``broker.ibkr.port=4003``.

    Raises:
        InputError: if no server is to be found, or a setting cannot be.
    """
    asked = [another(account, broker, given) for account in accounts]
    api = os.environ.get("PREFECT_API_URL") or running_address(home_directory())
    if api is None:
        raise InputError(
            "no Prefect server is known; start one with 'orderworks up', or name one with PREFECT_API_URL"
        )
    os.environ["PREFECT_API_URL"] = api
    if found_at(api) is not Answer.PREFECT:
        raise InputError(
            f"no Prefect server answers at {api}; start it, or correct PREFECT_API_URL"
        )
    prepare()
    # Only here: Prefect takes its address from the environment when it is imported.
    from flows.operating.registration import definitions_with_flows, register

    stated = definitions_with_flows()

    async def register_all() -> None:
        for trading in asked:
            registered = await register(trading, Path.cwd(), stated)
            tell(f"account {trading.account} ({trading.broker}): {registered}")

    asyncio.run(register_all())
