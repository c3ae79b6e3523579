"""Where a report is written: in a regular file's place, or nowhere."""

import os
import stat
from pathlib import Path

import pytest
from small_ledger import ACCOUNT, END, SESSION

from orderworks.ledger.connection import Ledger
from orderworks.model.errors import InputError
from orderworks.report import writing


def write(ledger: Ledger, path: Path) -> writing.WrittenReport:
    return writing.write_report(ledger, ACCOUNT, SESSION, SESSION, lambda _: None, END, path)


def entries(directory: Path) -> dict[str, tuple[int, int]]:
    """What kind of thing each is, and which."""
    return {
        entry.name: (entry.lstat().st_mode, entry.lstat().st_ino) for entry in directory.iterdir()
    }


@pytest.mark.parametrize("kind", ["pipe", "directory", "link to a pipe", "link to itself"])
def test_what_is_no_regular_file_is_left_as_it_is(books: Ledger, tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "report.html", tmp_path / "other"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "directory":
            path.mkdir()
        case "link to a pipe":
            os.mkfifo(other)
            path.symlink_to(other)
        case "link to itself":
            path.symlink_to(path)
    before = entries(tmp_path)
    with pytest.raises(InputError) as refused:
        write(books, path)
    assert str(refused.value) == (
        f"the report cannot be written to {path}, which is no regular file; name another --output"
    )
    assert entries(tmp_path) == before


def test_a_link_stays_one_and_its_file_is_replaced(books: Ledger, tmp_path: Path) -> None:
    path, other = tmp_path / "latest.html", tmp_path / "kept" / "report.html"
    path.symlink_to(other)
    for _ in ("it leads to nothing yet", "it leads to a report"):
        assert write(books, path).path == path
        assert path.is_symlink()
        assert stat.S_ISREG(other.lstat().st_mode)
        assert "</html>" in other.read_text("utf-8")


def test_what_is_not_finished_does_not_stay(
    books: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    path.write_text("the old one", "utf-8")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write(books, path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
    assert path.read_text("utf-8") == "the old one"
