"""The answer of a look as JSON; its names and those of its findings are stable, for monitors to rely on."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from orderworks.health.books import Books
from orderworks.health.looking import Looked
from orderworks.ledger.connection import head


def answer_of(looked: Looked) -> dict[str, Any]:
    """Times are ISO 8601 in UTC, ages and lags seconds; accounts are missing where the ledger is away."""
    read = looked.read
    books = read if isinstance(read, Books) else None
    return {
        "sound": looked.sound,
        "seconds": round(looked.seconds, 3),
        "ledger": {
            "reachable": isinstance(read, Books) or read.reachable,
            "at": None if books is None else _plain(books.at),
            "schema": read.schema,
            "expected_schema": head(),
        },
        "findings": [asdict(finding) for finding in looked.findings],
        "accounts": []
        if books is None
        else [
            _fields(standing)
            | {
                "untold_lag_seconds": None
                if standing.untold_since is None
                else round((books.at - standing.untold_since).total_seconds(), 3),
                "last_runs": {
                    run.kind: _fields(run)
                    for run in books.last_runs
                    if run.account == standing.account
                },
            }
            for standing in books.accounts
        ],
    }


def _fields(record: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(record).items()}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
