"""The report of a session that was traded: written by the end of the day, and by the command."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from command_processes import Ended
from judging import rows
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort
from synthetic_day import HOLIDAY, SESSION

from flows.daily import daily_execution
from flows.end_of_day import end_of_day
from orderworks.ledger.connection import Ledger

pytestmark = pytest.mark.usefixtures("environment", "prefect_api")


async def shown(key: str) -> str:
    """The newest artifact of this key, as the UI has it."""
    async with get_client() as client:
        (found,) = await client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])),
            sort=ArtifactSort.CREATED_DESC,
            limit=1,
        )
    return str(found.data)


@pytest.mark.proof
async def test_a_traded_session_is_reported(
    ledger: Ledger, orderworks: Callable[..., Ended], market: str, signals: str, tmp_path: Path
) -> None:
    await daily_execution(session=SESSION, market=market, signals=signals, return_state=True)
    state = await end_of_day(session=SESSION, market=market, return_state=True)
    assert state.name == "Completed", state.message

    path = tmp_path / "home" / "reports" / f"quality-SIM1-{SESSION}.html"
    page = path.read_text("utf-8")
    (day,) = rows(ledger, "SELECT * FROM daily_quality WHERE dimension = 'day'")
    total = f"{abs(day['shortfall_total']):,.2f}"
    assert re.search(rf'<p class="verdict">Trading (cost|gained) {total}, ', page)
    dear = rows(ledger, "SELECT symbol FROM order_quality WHERE shortfall_total > 0")
    assert dear, "no order cost anything"
    for row in dear:
        assert f" {row['symbol']}: " in page
    assert "through the market" in page, "the order that the exchange rejected"
    assert "RESTRICTED_LIST" in page, "the signal that was refused"
    assert 'class="spread"' in page, "quotes of the worst orders"
    assert "No quotes of this time" not in page
    told = await shown(f"quality-report-sim1-{SESSION}")
    assert f"](http://127.0.0.1:8181/reports/{path.name})" in told
    assert str(path) in told
    assert f"{total}, " in told

    # The command says the same of the session, as the ledger and the market are the same.
    ended = orderworks("report", "--session", str(SESSION), "--output", str(tmp_path / "own.html"))
    assert ended.status == 0, ended
    assert ended.out.strip() == str(tmp_path / "own.html")
    own = (tmp_path / "own.html").read_text("utf-8")
    written = re.compile(r"Written by Orderworks on .+? New York")
    assert written.sub("", own) == written.sub("", page)

    # A recorded market that is gone takes its quotes with it, and nothing else.
    ledger.execute(
        "UPDATE runs SET settings = settings || jsonb_build_object('market', %s::text)",
        (str(tmp_path / "gone"),),
    )
    ended = orderworks("report", "--from", str(SESSION), "--to", str(HOLIDAY))
    assert ended.status == 0, ended
    both = Path(ended.out.strip())
    assert both.name == f"quality-SIM1-{SESSION}-to-{HOLIDAY}.html"
    assert "No quotes of this time are on record." in both.read_text("utf-8")

    ended = orderworks("report", "--session", str(HOLIDAY))
    assert ended.status == 0, ended
    empty = Path(ended.out.strip()).read_text("utf-8")
    assert "No order was sent in this session: there is nothing to measure." in empty
    assert "The days before" in empty


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "either --session DATE, or both --from DATE and --to DATE"),
        (("--from", "2024-11-21"), "either --session DATE"),
        (("--session", "2024-11-21", "--to", "2024-11-22"), "either --session DATE"),
        (("--from", "2024-11-22", "--to", "2024-11-21"), "--to 2024-11-21 is before --from"),
        (("--session", "2024-11-21", "--account", "NONE"), "there is no account 'NONE'"),
        (("--session", "2024-11-21", "--output", "/dev/null/x.html"), "name another --output"),
    ],
)
def test_what_cannot_be_reported_is_told_in_a_sentence(
    orderworks: Callable[..., Ended], arguments: tuple[str, ...], said: str
) -> None:
    ended = orderworks("report", *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert said in ended.err
