"""What a person is told when a command fails, and what the process ends with."""

import json
import os
from pathlib import Path

import psycopg
import pytest
import typer
from small_ledger import Says
from typer.testing import CliRunner

from orderworks.commands.errors import ClearCommands, failure_of, told_clearly
from orderworks.ledger.accounts import open_account
from orderworks.ledger.connection import Ledger
from orderworks.model.errors import InputError, LedgerUnavailable

STOPPED = "stopped by Ctrl-C; a run that was under way goes on with the same command\n"


def told(text: str) -> str:
    """The one sentence that was printed."""
    (line,) = text.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.mark.parametrize(
    ("arguments", "saying"),
    [
        (["orders", "--format", "xml"], "'xml' is not one of 'table', 'json', 'csv'"),
        (["orders", "--session", "20th"], "--session takes a date such as 2026-11-20, not '20th'"),
        (["orders", "--state", "DONE"], "'DONE' is not one of"),
        (["orders", "--symbl", "AAPL"], "No such option: --symbl"),
        (["ordres"], "No such command 'ordres'"),
        (["fills", "--account", "SIM9"], "there is no account 'SIM9'"),
        (["exchange", "fills", "--account", "SIM9"], "there is no account 'SIM9'"),
    ],
)
def test_bad_usage(says: Says, ledger: Ledger, arguments: list[str], saying: str) -> None:
    result = says(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert saying in told(result.stderr)


def test_a_bad_setting(says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERWORKS_BROKER__PROVIDER", "nobody")
    result = says("orders")
    assert result.exit_code == 2
    assert "broker.provider" in told(result.stderr)


def test_no_account_is_configured(
    says: Says, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERWORKS_BROKER__PROVIDER", "ibkr")
    result = says("orders")
    assert result.exit_code == 2
    assert "broker.ibkr.account_id" in told(result.stderr)


def test_where_nothing_is_known_of_the_account_that_is_set_others_are_named(
    says: Says, ledger: Ledger
) -> None:
    assert says("fills").stderr == ""
    open_account(ledger, "DEMO1", "simulated", "simulated")
    result = says("fills", "--format", "json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])
    assert result.stderr == (
        "nothing is known of account SIM1, which is set; known are DEMO1: name one with --account\n"
    )
    assert says("fills", "--account", "DEMO1").stderr == ""


@pytest.mark.parametrize(
    "command", [["orders"], ["status"], ["exchange", "orders"], ["db", "upgrade"]]
)
def test_the_database_is_down(
    says: Says, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("ORDERWORKS_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    result = says(*command)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the ledger's database does not answer" in told(result.stderr)


def test_the_database_goes_away(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, told_clearly():
        ledger.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert ended.value.code == 1
    assert "the ledger's database broke off" in told(capsys.readouterr().err)


def one_command(error: BaseException) -> typer.Typer:
    app = typer.Typer(cls=ClearCommands, pretty_exceptions_enable=False)

    @app.command()
    def fail() -> None:
        raise error

    @app.command()
    def other() -> None: ...

    return app


@pytest.mark.parametrize(
    ("error", "status", "saying"),
    [
        (InputError("row 3 is\nwrong"), 2, "error: row 3 is wrong\n"),
        (LedgerUnavailable("it is gone"), 1, "error: it is gone\n"),
        (typer.Abort(), 1, "error: stopped, as no answer was given\n"),
        (typer.Exit(3), 3, ""),
        (typer.Exit(0), 0, ""),
        (KeyboardInterrupt(), 130, STOPPED),
    ],
)
def test_errors_of_a_command(error: BaseException, status: int, saying: str) -> None:
    result = CliRunner().invoke(one_command(error), ["fail"])
    assert (result.exit_code, result.stderr) == (status, saying)


def test_what_nobody_foresaw_is_kept_with_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERWORKS_HOME", str(tmp_path))
    result = CliRunner().invoke(one_command(ZeroDivisionError("by zero")), ["fail"])
    assert result.exit_code == 1
    (log,) = (tmp_path / "logs").iterdir()
    assert str(log) in told(result.stderr)
    assert "ZeroDivisionError: by zero" in told(result.stderr)
    assert "in fail\n    raise error" in log.read_text()


def test_what_nobody_foresaw_is_told_where_no_log_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERWORKS_HOME", os.devnull)
    result = CliRunner().invoke(one_command(ZeroDivisionError("by zero")), ["fail"])
    assert result.exit_code == 1
    assert "Traceback (most recent call last)" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: something unforeseen happened")


def test_an_interruption_is_told_without_typer_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, told_clearly():
        raise KeyboardInterrupt
    assert (ended.value.code, capsys.readouterr().err) == (130, STOPPED)


def test_as_a_decorator_it_leaves_the_command_as_it_was() -> None:
    app = typer.Typer()

    @app.command()
    @told_clearly()
    def double(number: int) -> None:
        """Doubles."""
        if number < 0:
            raise InputError("only a number from 0 on can be doubled")
        typer.echo(str(2 * number))

    assert CliRunner().invoke(app, ["21"]).stdout == "42\n"
    failed = CliRunner().invoke(app, ["--", "-1"])
    assert (failed.exit_code, failed.stderr) == (
        2,
        "error: only a number from 0 on can be doubled\n",
    )
    assert "Doubles." in CliRunner().invoke(app, ["--help"]).stdout


def test_a_process_that_stood_still_in_a_booking_is_told_so() -> None:
    cut_off = "terminating connection due to idle-in-transaction timeout"
    failure = failure_of(psycopg.errors.IdleInTransactionSessionTimeout(cut_off))
    assert failure == (
        "this process stood still in the middle of a booking, which is undone: terminating connection "
        "due to idle-in-transaction timeout; repeat the command",
        1,
    )


def test_a_full_disk_of_the_database_is_told_as_one() -> None:
    failure = failure_of(psycopg.errors.DiskFull("could not extend file: No space left on device"))
    assert failure == (
        "the disk of the ledger's database is full: could not extend file: No space left on device; "
        "make room on it and repeat the command",
        1,
    )
