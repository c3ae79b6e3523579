"""``orderworks blotter`` as a command."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from busy_ledger import ACCOUNT

from orderworks.ledger.connection import Ledger
from orderworks.ledger.controls import kill_reason

ORDERWORKS = Path(sys.executable).with_name("orderworks")
CANCELLED_WITHIN_SECONDS = 180


@pytest.fixture
def in_force(tmp_path: Path, ledger: Ledger, ledger_url: str) -> dict[str, str]:
    ours = ("ORDERWORKS_", "PREFECT_")
    kept = {name: at for name, at in os.environ.items() if not name.startswith(ours)}
    home = str(tmp_path / "home")
    return kept | {
        "ORDERWORKS_HOME": home,
        "ORDERWORKS_DATABASE_URL": ledger_url,
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def serving(in_force: dict[str, str], *arguments: str) -> Iterator[str]:
    """The address of a blotter in a process of its own, which is then told to end."""
    with subprocess.Popen(
        [str(ORDERWORKS), "blotter", "--port", "0", *arguments],
        env=in_force,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            told = process.stdout.readline()
            assert told.startswith("serving http://"), told
            yield told.split()[-1]
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in (0, -signal.SIGTERM)
        finally:
            process.kill()


@pytest.mark.proof
def test_it_serves_page_and_api_until_it_is_told_to_end(in_force: dict[str, str]) -> None:
    with serving(in_force) as address:
        assert address.startswith("http://127.0.0.1:")
        page = httpx.get(address, timeout=60)
        assert (page.status_code, "Session of none yet" in page.text) == (200, True)
        assert httpx.get(f"{address}api/v1/orders", timeout=60).json() == {
            "items": [],
            "next": None,
        }


@pytest.mark.parametrize(
    ("arguments", "token", "said"),
    [
        (("--host", "0.0.0.0"), "", "the blotter serves 0.0.0.0 only to who has a token"),
        ((), "short", "the blotter's token has 5 characters, and needs 16"),
    ],
)
def test_it_does_not_start_without_a_good_token(
    in_force: dict[str, str], arguments: tuple[str, ...], token: str, said: str
) -> None:
    done = subprocess.run(
        [str(ORDERWORKS), "blotter", *arguments],
        env=in_force | ({"ORDERWORKS_BLOTTER_TOKEN": token} if token else {}),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "ORDERWORKS_BLOTTER_TOKEN" in done.stderr


@pytest.mark.proof
def test_the_kill_switch_is_thrown_at_once_and_the_rest_is_done_after(
    in_force: dict[str, str], ledger: Ledger
) -> None:
    with serving(in_force) as address:
        form = httpx.get(f"{address}kill", timeout=60).text
        found = re.search(r'name="form_token" value="([^"]+)"', form)
        assert found
        answer = httpx.post(
            f"{address}kill",
            data={"form_token": found[1], "reason": "the feed is wrong", "confirm": ACCOUNT},
            timeout=60,
        )
        assert answer.status_code == 303
        assert kill_reason(ledger, ACCOUNT) == "the feed is wrong"
    # The process that cancels what rests outlives the one that serves.
    (log,) = Path(in_force["ORDERWORKS_HOME"], "logs").glob("kill-*.log")
    until = time.monotonic() + CANCELLED_WITHIN_SECONDS
    while not log.read_text("utf-8") and time.monotonic() < until:
        time.sleep(0.2)
    assert "killed: the feed is wrong" in log.read_text("utf-8")
