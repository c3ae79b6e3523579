"""How a command fails: one sentence on standard error, and an exit status.

1: the work failed. 2: the usage or the input must change first. 130: it was interrupted.
"""

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup

from orderworks.model.errors import OrderworksError

INTERRUPTED = 130
"""What a shell's command ends with that SIGINT, number 2, has ended: 128 and the number."""


class Failure(NamedTuple):
    """What is told of an error, and what the process ends with."""

    sentence: str
    exit_status: int


@contextmanager
def told_clearly() -> Iterator[None]:
    """A context, or the decorator of a command, that ends the process as errors should end it.

    An error that nobody foresaw is kept with its traceback in the home's ``logs``.
    """
    try:
        yield
    except (typer.Exit, BrokenPipeError):
        # These are no failures: Typer ends the process as they say.
        raise
    except KeyboardInterrupt as error:
        _tell_interruption()
        raise SystemExit(INTERRUPTED) from error
    except Exception as error:
        failure = failure_of(error)
        if failure.sentence:
            typer.echo(f"error: {failure.sentence}", err=True)
        raise SystemExit(failure.exit_status) from error


class ClearCommands(TyperGroup):
    """The commands of a ``typer.Typer(cls=ClearCommands)``: all of them, and bad usage, told clearly."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Runs the command line; in standalone mode the process ends with it."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        with told_clearly():
            status = super().main(
                args, prog_name, complete_var, False, windows_expand_args, **extra
            )
        # Typer takes the interruption itself, and says no more of it than this.
        if status == INTERRUPTED:
            _tell_interruption()
        sys.exit(status if isinstance(status, int) else 0)


def failure_of(error: Exception) -> Failure:
    """What an error comes to."""
    import psycopg

    match error:
        case OrderworksError():
            return Failure(_one_line(str(error)), error.exit_status)
        case typer.TyperException():
            return Failure(_usage(error), error.exit_code)
        case typer.Abort():
            return Failure("stopped, as no answer was given", 1)
        case psycopg.errors.DiskFull():
            return Failure(
                f"the disk of the ledger's database is full: {_first_line(error)}; make room on it "
                "and repeat the command",
                1,
            )
        case psycopg.errors.IdleInTransactionSessionTimeout():
            return Failure(
                "this process stood still in the middle of a booking, which is undone: "
                f"{_first_line(error)}; repeat the command",
                1,
            )
        case psycopg.OperationalError():
            return Failure(
                f"the ledger's database broke off: {_first_line(error)}; see that it runs "
                "('orderworks db url' names it) and repeat the command",
                1,
            )
        case _:
            return Failure(_unforeseen(error), 1)


def _tell_interruption() -> None:
    typer.echo(
        "stopped by Ctrl-C; a run that was under way goes on with the same command", err=True
    )


def _usage(error: typer.TyperException) -> str:
    """What is wrong with a command line; empty where the help was printed instead."""
    said = _one_line(error.format_message()).removesuffix(".").replace("Value error, ", "")
    context = getattr(error, "ctx", None)
    if not said or context is None:
        return said
    return f"{said}; '{context.command_path} --help' shows what it takes"


def _unforeseen(error: Exception) -> str:
    from orderworks.settings import home_directory

    told = f"{type(error).__name__}: {_first_line(error)}"
    report = "".join(traceback.format_exception(error))
    try:
        path = _keep(report, home_directory() / "logs")
    except OSError as refused:
        typer.echo(report, err=True)
        return f"something unforeseen happened ({told}), told above as no log takes it: {refused}"
    return f"something unforeseen happened ({told}); {path} tells where, please report it"


def _keep(report: str, directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"error-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}.log"
    with path.open("x", encoding="utf-8") as log:
        log.write(report)
    return path


def _first_line(error: Exception) -> str:
    return _one_line((str(error).strip().splitlines() or ["it did not say why"])[0])


def _one_line(text: str) -> str:
    return " ".join(text.split())
