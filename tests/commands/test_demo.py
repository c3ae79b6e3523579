"""The demo tells at once what it cannot go on without."""

from pathlib import Path

import pytest

from orderworks.commands import demonstration
from orderworks.model.errors import LedgerUnavailable


def test_a_database_that_is_down_is_told_before_prefect_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start_prefect(*asked: object) -> None:
        raise AssertionError("Prefect was started")

    monkeypatch.setenv("ORDERWORKS_HOME", str(tmp_path))
    monkeypatch.setenv("ORDERWORKS_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("ORDERWORKS_CONFIG", "")
    monkeypatch.setattr(demonstration, "prepared", start_prefect)
    with pytest.raises(LedgerUnavailable, match=r"does not answer: .*ORDERWORKS_DATABASE_URL"):
        demonstration.demo()
