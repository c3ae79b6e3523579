"""The page for the user at Interactive Brokers names whatever it may be looked up for."""

import re
from pathlib import Path

import pytest

from orderworks.brokers.ibkr.examination.unseen import UNSEEN
from orderworks.settings import IbkrBroker

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "interactive-brokers.md").read_text("utf-8")


def first_cells(heading: str) -> set[str]:
    """What stands in the first column of the table below a heading, without its quotation marks."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_every_setting_of_the_broker_is_explained_and_no_other() -> None:
    assert first_cells("Settings") == set(IbkrBroker.model_fields)


@pytest.mark.parametrize("name", UNSEEN)
def test_every_setting_of_the_gateway_that_doctor_lists_is_explained(name: str) -> None:
    assert f"| {name} |" in PAGE


def test_the_readme_leads_to_it() -> None:
    assert "docs/interactive-brokers.md" in (ROOT / "README.md").read_text("utf-8")
