"""The gateway as a process: it prints its port and runs until it is told to end.

While it runs, each line on its standard input is one thing to do, as ``steering.py`` lists them.
"""

import argparse
import asyncio
import os
import stat
import sys
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from orderworks.desk.exchange_terms import exchange_terms
from orderworks.ledger.connection import database_url
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.settings import home_directory, load_settings

from .fault_lines import read_script
from .gateway import LIVE_ACCOUNT, PAPER_ACCOUNT, Gateway
from .running import told_to_end
from .steering import obey, steered


def main() -> None:
    """Reads the command line and serves."""
    parser = argparse.ArgumentParser(prog="tests.gateway", description=__doc__)
    parser.add_argument("--market", type=Path, required=True, help="a directory of recorded quotes")
    parser.add_argument("--session", type=date.fromisoformat, required=True, help="as 2026-11-20")
    parser.add_argument("--port", type=int, default=0, help="0 for any that is free")
    parser.add_argument("--speed", type=float, default=1.0, help="seconds of the market in one")
    parser.add_argument("--version", type=int, default=178, help="the server version")
    parser.add_argument("--live", action="store_true", help="a live account instead of a paper one")
    parser.add_argument("--account", help="the account; by default one of the mode")
    parser.add_argument("--faults", type=Path, help="a file of faults, one a line")
    parser.add_argument(
        "--steered", action="store_true", help="obey a socket, too: its port is printed second"
    )
    parser.add_argument("--log", type=Path, help="a file for every message, as lines of JSON")
    asyncio.run(_serve(parser.parse_args()))


async def _serve(asked: argparse.Namespace) -> None:
    account = asked.account or (LIVE_ACCOUNT if asked.live else PAPER_ACCOUNT)
    lines = [] if asked.faults is None else asked.faults.read_text("utf-8").splitlines()
    gateway = Gateway(
        database_url(home_directory()),
        ReplayMarket(asked.market, asked.session),
        require_session(asked.session),
        replace(exchange_terms(load_settings()), account=account),
        version=asked.version,
        speed=asked.speed,
        faults=read_script(lines),
        log_path=asked.log,
    )
    ends = told_to_end()
    port = await gateway.start(asked.port)
    orders = asyncio.create_task(_take_orders(gateway))
    try:
        if asked.steered:
            async with steered(gateway) as steered_at:
                print(port, steered_at, flush=True)
                await ends.wait()
        else:
            print(port, flush=True)
            await ends.wait()
    finally:
        orders.cancel()
        await gateway.stop()


async def _take_orders(gateway: Gateway) -> None:
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or sys.stdin.isatty()):
        # Nothing to wait for comes from a file, such as /dev/null.
        return
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await obey(gateway, reader, partial(print, flush=True))


if __name__ == "__main__":
    main()
