"""The gateway as a process: started, spoken to, killed, started again."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from .clients import limit, placed
from .fault_lines import read_line, read_script
from .faults import Correct, LoseLink, Say
from .processes import process_of
from .requests import Request
from .running import connected, settled, until
from .small_session import SESSION


async def _tell(process: asyncio.subprocess.Process, line: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{line}\n".encode())
    return (await process.stdout.readline()).decode().strip()


@pytest.mark.proof
async def test_it_is_started_told_killed_and_started_again(
    broker_url: str, small_market: Path, account: str, tmp_path: Path
) -> None:
    environment = {"ORDERWORKS_DATABASE_URL": broker_url, "ORDERWORKS_HOME": str(tmp_path)}
    log = tmp_path / "log.jsonl"
    options = [
        *("--market", str(small_market), "--session", str(SESSION.date)),
        *("--account", account, "--speed", "0", "--log", str(log)),
    ]
    async with process_of(*options, environment=environment) as (process, port):
        async with connected(port) as ib:
            assert await _tell(process, "advance 1") == "done"
            assert await _tell(process, "fault request.PLACE_ORDER Say 10349") == "done"
            assert (await _tell(process, "dance")).startswith("not done: not understood")
            trade = placed(ib, limit("BUY", 150, 100.05, orderRef="ow-a"))
            await settled(ib)
            assert trade.orderStatus.status == "Cancelled"
            assert await _tell(process, "advance 1") == "done"
            await until(ib, lambda: len(trade.fills) == 1)
        process.send_signal(signal.SIGKILL)
    async with (
        process_of(*options, environment=environment) as (process, port),
        connected(port) as ib,
    ):
        assert ib.managedAccounts() == [account]
        assert [fill.execution.shares for fill in ib.fills()] == [100]
        [again] = ib.openTrades()
        assert (again.order.permId, again.order.orderRef) == (trade.order.permId, "ow-a")
        await _tell(process, "advance 5")
        await until(ib, lambda: again.orderStatus.status == "Filled")
    received = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    orders = [one for one in received if one["message"] == "PLACE_ORDER"]
    assert [(one["values"]["orderRef"], one["fault"]) for one in orders] == [("ow-a", "Say")]


def test_faults_are_read_from_lines() -> None:
    assert read_line("request.PLACE_ORDER 2 Say 10349") == (Request.PLACE_ORDER, 2, Say(10349))
    assert read_line("answer.EXECUTION Correct 60 100.02")[2] == Correct(60, "100.02")
    assert read_line("request.IDS LoseLink 10 false true")[2] == LoseLink(10, False, True)
    script = read_script(["# a comment", "", "request.PLACE_ORDER 1 Say 103"])
    assert script.script == {(Request.PLACE_ORDER, 1): Say(103)}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("PLACE_ORDER Say 1", "no message PLACE_ORDER"),
        ("request.PLACE_ORDER Sing", "no fault Sing"),
        ("request.PLACE_ORDER Say 103", "which message"),
    ],
)
def test_a_line_that_is_no_fault_says_why(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_script([line])
