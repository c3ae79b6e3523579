"""The exchange and its clients in processes of their own, which are killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from served import QUOTES, TERMS, TRADES, client, fills, received, reported
from small_market import ACCOUNT, SESSION, order, recorded

from orderworks.brokers.simulated.record import ExchangeRecord
from orderworks.model.crash_points import VARIABLE, CrashPoint
from orderworks.model.errors import Disconnected
from orderworks.model.order import TimeInForce

PROGRAM = Path(sys.executable).with_name("orderworks")
PATIENCE_SECONDS = 30

CLIENT = """
import asyncio, sys
sys.path.insert(0, {tests!r})
from served import client, reported
from small_market import order

async def main():
    broker = client({port})
    await broker.connect()
    await broker.submit_orders([order("A", "buy", 250, name="ow-first")])
    await reported(broker, 2)
    print("working", flush=True)
    for n in range(100_000):
        await broker.submit_orders([order("A", "buy", 1, "90", name=f"ow-{{n}}")])

asyncio.run(main())
"""
"""A client that trades a little, says so, and then sends orders until it is killed."""


@dataclass(frozen=True)
class Served:
    """An exchange in a process of its own."""

    process: subprocess.Popen[str]
    port: int

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


Starts = Callable[..., AbstractContextManager[Served]]


@pytest.fixture
def market(tmp_path: Path) -> Path:
    recorded(tmp_path / "market", QUOTES, TRADES)
    return tmp_path / "market"


@pytest.fixture
def environment(ledger_url: str, tmp_path: Path) -> dict[str, str]:
    kept = {name: at for name, at in os.environ.items() if not name.startswith("ORDERWORKS_")}
    return kept | {
        "ORDERWORKS_DATABASE_URL": ledger_url,
        "ORDERWORKS_HOME": str(tmp_path / "home"),
        "ORDERWORKS_BROKER__SIMULATED__CASH": str(TERMS.opening_cash),
    }


@pytest.fixture
def starts(market: Path, environment: dict[str, str]) -> Starts:
    """Starts ``orderworks exchange serve`` and waits until it listens."""

    @contextmanager
    def start(*options: str, **more: str) -> Iterator[Served]:
        command = [PROGRAM, "exchange", "serve", "--market", market]
        command += ["--session", str(SESSION.date), *options]
        with subprocess.Popen(
            command, env=environment | more, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                yield Served(process, _port_told(process.stdout))
            finally:
                process.kill()

    return start


def _port_told(out: IO[str] | None) -> int:
    assert out is not None
    said = out.readline()
    assert said.startswith("listening on 127.0.0.1:"), said
    return int(said.rpartition(":")[2])


@pytest.mark.proof
async def test_a_killed_server_has_lost_nothing_that_it_answered(
    starts: Starts, ledger_url: str
) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(starts())
        broker = client(first.port)
        await broker.connect()
        await broker.submit_orders(
            [
                order("A", "buy", 250, name="ow-x"),
                order("A", "buy", 9, "90", name="ow-rests", tif=TimeInForce.GTC),
            ]
        )
        told = fills(await reported(broker, 3))
        before = await broker.snapshot()
        assert first.end(signal.SIGKILL) == -signal.SIGKILL

        with pytest.raises(Disconnected):
            await broker.snapshot()
        stack.enter_context(starts("--port", str(first.port)))
        # The same client finds the new server at the old address.
        assert await broker.snapshot() == before
        assert list(before.executions) == told
        assert [fill.quantity for fill in fills(await reported(broker, 9))] == [50]
        await broker.close()
    assert received(ledger_url) == {"ow-x": 1, "ow-rests": 1}


@pytest.mark.proof
async def test_an_order_recorded_by_a_server_that_died_before_answering_is_there(
    starts: Starts, ledger_url: str
) -> None:
    with starts(**{VARIABLE: CrashPoint.EXCHANGE_RECORDED}) as first:
        broker = client(first.port)
        await broker.connect()
        with pytest.raises(Disconnected):
            await broker.submit_orders([order("A", "buy", 250, name="ow-x")])
        assert first.process.wait(PATIENCE_SECONDS) == -signal.SIGKILL
    with starts("--port", str(first.port)):
        assert [one.client_order_id for one in (await broker.snapshot()).orders] == ["ow-x"]
        assert len(fills(await reported(broker, 9))) == 3
        await broker.close()
    assert received(ledger_url) == {"ow-x": 1}


@pytest.mark.proof
async def test_a_killed_client_comes_back_and_finds_its_orders(
    starts: Starts, ledger_url: str
) -> None:
    with starts() as exchange:
        program = CLIENT.format(tests=str(Path(__file__).parent), port=exchange.port)
        with subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
        ) as working:
            assert working.stdout is not None
            assert working.stdout.readline() == "working\n"
            _wait_for(lambda: len(received(ledger_url)) > 20)
            working.kill()
        broker = client(exchange.port)
        await broker.connect()
        shown = await broker.snapshot()
        names = [one.client_order_id for one in shown.orders]
        assert dict.fromkeys(names, 1) == received(ledger_url)
        # What was told to the dead client, and to nobody else.
        assert [fill.client_order_id for fill in shown.executions] == ["ow-first"]
        assert len(fills(await reported(broker, 9))) == 2
        await broker.close()


def _wait_for(happens: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        assert time.monotonic() < give_up
        time.sleep(0.01)


@pytest.mark.proof
async def test_a_server_that_is_told_to_end_frees_the_account(
    starts: Starts, ledger_url: str
) -> None:
    with starts() as exchange:
        broker = client(exchange.port)
        await broker.connect()
        assert exchange.end(signal.SIGTERM) == 0
        with pytest.raises(Disconnected):
            await broker.get_portfolio()
    ExchangeRecord(ledger_url, ACCOUNT).close()


@pytest.mark.proof
async def test_a_server_makes_the_faults_of_a_file(starts: Starts, tmp_path: Path) -> None:
    plan = tmp_path / "faults.yaml"
    plan.write_text("{seed: 1, script: [{message: submit, occurrence: 2, fault: reject}]}")
    with starts("--faults", str(plan)) as exchange:
        broker = client(exchange.port)
        await broker.connect()
        kinds = [
            (await broker.submit_orders([order("A", "buy", 1, name=name)]))[0].kind.value
            for name in ("ow-1", "ow-2")
        ]
        assert kinds == ["ACKNOWLEDGED", "REJECTED"]
        await broker.close()


@pytest.mark.proof
def test_an_account_that_another_process_serves_is_not_served_twice(
    market: Path, environment: dict[str, str], ledger_url: str
) -> None:
    record = ExchangeRecord(ledger_url, ACCOUNT)
    ended = _failing(environment, "--market", str(market), "--session", str(SESSION.date))
    record.close()
    assert ended.returncode == 1
    assert "is serving account SIM1 to another process" in ended.stderr


def test_what_cannot_be_served_is_told(
    market: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    plan = tmp_path / "faults.yaml"
    plan.write_text("{seed: 1, rates: {submit: {boredom: 0.5}}}")
    sound = ["--market", str(market), "--session", str(SESSION.date)]
    for asked, told in (
        ([*sound, "--faults", str(plan)], "rates.submit.boredom: must be one of delay, "),
        ([*sound, "--faults", "nowhere"], "nowhere holds no plan of faults"),
        (["--market", str(market), "--session", "2026-11-19"], "does not hold session 2026-11-19"),
    ):
        ended = _failing(environment, *asked)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
        assert told in ended.stderr


def _failing(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "exchange", "serve", *options],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
