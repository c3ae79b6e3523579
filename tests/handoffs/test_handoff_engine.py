"""Great Expectations is imported late, stays quiet, and never guesses."""

import subprocess
import sys
from pathlib import Path

import pytest
from pandas import DataFrame

from orderworks.handoffs.engine import broken_rows, warm
from orderworks.handoffs.suite import Rule


def run(code: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=directory,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(directory)},
    )


def test_importing_the_package_does_not_import_great_expectations(tmp_path: Path) -> None:
    run(
        "import sys, orderworks.handoffs, orderworks.handoffs.signals_file\n"
        "assert 'great_expectations' not in sys.modules",
        tmp_path,
    )


@pytest.mark.proof
def test_a_check_is_silent_offline_and_writes_nothing(tmp_path: Path) -> None:
    done = run(
        "import logging, socket, threading, warnings\n"
        "def refuse(*_): raise AssertionError('the network was tried')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "shown_by = warnings.showwarning\n"
        "import pandas\n"
        "from orderworks.handoffs import check, warm\n"
        "thread = threading.Thread(target=warm); thread.start(); thread.join()\n"
        "frame = pandas.DataFrame({'symbol': ['A', 'b'], 'weight': [1.0, float('nan')]})\n"
        "assert len(check('targets', frame, max_quarantined_pct=50).accepted) == 1\n"
        "assert warnings.showwarning is shown_by\n"
        "assert not logging.getLogger().handlers\n",
        tmp_path,
    )
    assert done.stdout == ""
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_a_rule_that_cannot_be_judged_is_an_error_and_not_a_pass() -> None:
    rule = Rule(
        "x must match", ("x",), "expect_column_values_to_match_regex", {"column": "x", "regex": "("}
    )
    with pytest.raises(RuntimeError, match="targets: the rule 'x must match' could not be judged"):
        broken_rows("targets", [rule], DataFrame({"x": ["a"]}))


def test_while_a_suite_is_judged_an_expectation_makes_its_configuration_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warm()
    from great_expectations.expectations.expectation import Expectation

    makes = vars(Expectation)["configuration"].fget
    made: list[Expectation] = []

    def configuration(asked: Expectation) -> object:
        made.append(asked)
        return makes(asked)

    counted = property(configuration)
    monkeypatch.setattr(Expectation, "configuration", counted)
    rule = Rule(
        "x must be a letter",
        ("x",),
        "expect_column_values_to_match_regex",
        {"column": "x", "regex": "^[a-z]$"},
    )
    assert broken_rows("targets", [rule], DataFrame({"x": ["a", "1"]})) == [[1]]
    assert max(sum(one is other for other in made) for one in made) <= 2
    assert vars(Expectation)["configuration"] is counted
