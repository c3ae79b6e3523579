"""Test gateways as processes, forked from this file when it is run: one for the lives on one ledger.

Its market stands but while a worker waits for it to go on.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from forking import fork_each
from gateway.faults import Fault, Faults, Lose, Silence
from gateway.gateway import PAPER_ACCOUNT, Gateway
from gateway.requests import Request
from gateway.running import told_to_end
from gateway.steering import steered
from scenarios import SCENARIOS
from synthetic_day import SESSION

from orderworks.brokers.simulated.faults import Fault as Lost
from orderworks.brokers.simulated.messages import Message
from orderworks.desk.exchange_terms import exchange_terms
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.settings import load_settings

ON_THE_WIRE: dict[Message, Request] = {Message.SUBMIT: Request.PLACE_ORDER}
BEFALLS: dict[Lost, Fault] = {Lost.DROP_REQUEST: Lose(), Lost.DROP_ANSWER: Silence()}
"""What is lost on the way to the simulated exchange, in the words of the gateway."""


async def serve(gateway: Gateway) -> None:
    """Prints the port to trade at and the one to steer by, and serves until told to end."""
    ends = told_to_end()
    port = await gateway.start()
    try:
        async with steered(gateway) as steered_at:
            print(port, steered_at, flush=True)
            await ends.wait()
    finally:
        await gateway.stop()


def main(directory: str) -> None:
    """Starts a gateway for each scenario, database and file for its log that are read."""
    market, day = ReplayMarket(Path(directory), SESSION), require_session(SESSION)
    # Read once, here.
    market.quotes_at(day.open, sorted(market.symbols))

    def work(scenario: str, url: str, log: str) -> None:
        lost = SCENARIOS[scenario].lost
        script = {(ON_THE_WIRE[one.message], one.occurrence): BEFALLS[one.fault] for one in lost}
        terms = replace(exchange_terms(load_settings()), account=PAPER_ACCOUNT)
        faults = Faults({**script})
        asyncio.run(serve(Gateway(url, market, day, terms, faults=faults, log_path=Path(log))))

    fork_each(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
