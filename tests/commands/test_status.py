"""How accounts stand, as it is told."""

import csv
import io
from time import sleep

from small_ledger import (
    ACCOUNT,
    RUN_KEY,
    Says,
    column,
    names,
    records,
)

from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.controls import EVERY_ACCOUNT, throw_kill_switch
from orderworks.ledger.leases import Lease, give_back, take_lease


def test_status_counts_and_tells_who_works(says: Says, books: Ledger) -> None:
    (account,) = records(says("status", "--format", "json"))
    counted = ("open_orders", "at_broker", "unknown", "open_breaks", "alerts", "untold_alerts")
    assert [account[name] for name in counted] == [1, 1, 0, 1, 2, 2]
    assert (account["killed"], account["kill_reason"]) == (False, None)
    assert account["lease_holder"] == "process 1 on here"
    assert [(run["run_key"], run["state"], run["message"]) for run in account["runs"]] == [
        ("intraday:2026-11-20T11:00", "STARTED", None),
        (RUN_KEY, "FAILED", "the broker went away"),
    ]
    (only,) = records(says("status", "--runs", "1", "--format", "json"))
    assert len(only["runs"]) == 1


def test_status_tells_of_the_kill_switch_and_a_lease_given_back(says: Says, books: Ledger) -> None:
    token = column(books, "SELECT token FROM leases")[0]
    give_back(books, Lease(ACCOUNT, "here", token, 60))
    throw_kill_switch(books, EVERY_ACCOUNT, "the feed is wrong")
    (account,) = records(says("status", "--format", "json"))
    assert (account["killed"], account["kill_reason"]) == (True, "the feed is wrong")
    assert account["lease_holder"] is None
    assert "the feed is wrong" in says("status").stdout


def test_a_lease_whose_holder_is_gone_is_not_in_force(
    says: Says, books: Ledger, ledger_url: str
) -> None:
    token = column(books, "SELECT token FROM leases")[0]
    give_back(books, Lease(ACCOUNT, "here", token, 60))
    with open_ledger(ledger_url) as other:
        assert take_lease(other, ACCOUNT, "process 2 on there", 600) is not None
        assert (
            records(says("status", "--format", "json"))[0]["lease_holder"] == "process 2 on there"
        )
    gone = "SELECT 1 FROM leases JOIN pg_stat_activity ON pid = backend_pid"
    while column(books, gone):
        sleep(0.01)
    assert records(says("status", "--format", "json"))[0]["lease_holder"] is None


def test_status_knows_every_account_and_can_be_asked_for_one(says: Says, books: Ledger) -> None:
    books.execute("INSERT INTO accounts VALUES ('DU7', 'paper', 'ibkr')")
    assert names(records(says("status", "--format", "json")), "account") == ["DU7", ACCOUNT]
    (paper,) = records(says("status", "--account", "DU7", "--format", "json"))
    assert (paper["mode"], paper["runs"]) == ("paper", [])
    assert records(says("orders", "--account", "DU7", "--format", "json")) == []


def test_status_as_csv_is_a_row_a_run(says: Says, books: Ledger) -> None:
    books.execute("INSERT INTO accounts VALUES ('DU7', 'paper', 'ibkr')")
    printed = list(csv.DictReader(io.StringIO(says("status", "--format", "csv").stdout)))
    assert [(row["account"], row["run_key"], row["run_state"]) for row in printed] == [
        ("DU7", "", ""),
        (ACCOUNT, "intraday:2026-11-20T11:00", "STARTED"),
        (ACCOUNT, RUN_KEY, "FAILED"),
    ]
    assert {row["open_breaks"] for row in printed[1:]} == {"1"}
    assert printed[2]["run_message"] == "the broker went away"


def test_a_long_message_is_folded_and_whole(says: Says, books: Ledger) -> None:
    words = [f"word{number}" for number in range(60)]
    books.execute("UPDATE runs SET message = %s WHERE state = 'FAILED'", (" ".join(words),))
    lines = says("status").stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert [word for word in " ".join(lines).split() if word.startswith("word")] == words
    (account,) = records(says("status", "--format", "json"))
    assert account["runs"][1]["message"] == " ".join(words)
