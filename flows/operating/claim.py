"""Who operates a home: one command at a time, known by a lock that ends with its process."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orderworks.ledger.private_files import try_lock
from orderworks.model.errors import OrderworksError

PATIENCE_SECONDS = 90
"""For what a killed command left behind to be stopped by its guard."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim on a home: ours, or another's, whose Prefect server has its API at ``address``."""

    ours: bool
    address: str
    directory: Path
    ending: int | None = None
    """A descriptor to be held until all that was started has ended."""

    def note(self, address: str) -> None:
        """Tells others where the server is."""
        (self.directory / "address").write_text(address, encoding="utf-8")


@contextmanager
def claimed(home: Path) -> Iterator[Claim]:
    """The claim on a home for as long as the context lasts, or word of who has it.

    Raises:
        OrderworksError: if what a killed command left behind does not end.
    """
    directory = home / "operating"
    directory.mkdir(parents=True, exist_ok=True)
    lock = try_lock(directory / "lock")
    if lock is None:
        yield Claim(False, _noted(directory), directory)
        return
    try:
        (directory / "address").unlink(missing_ok=True)
        ending = _wait_for(directory / "ending")
        try:
            yield Claim(True, "", directory, ending)
        finally:
            os.close(ending)
            (directory / "address").unlink(missing_ok=True)
    finally:
        os.close(lock)


def running_address(home: Path) -> str | None:
    """Where the API of the home's Prefect server is, as far as a command that runs has noted it."""
    directory = home / "operating"
    lock = try_lock(directory / "lock") if directory.is_dir() else None
    if lock is not None:
        os.close(lock)
        return None
    address = directory / "address"
    return address.read_text(encoding="utf-8") if address.is_file() else None


def _noted(directory: Path) -> str:
    """The address that the holder of the claim notes as soon as its server answers."""
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while not (directory / "address").is_file():
        if time.monotonic() > given_up_at:
            raise OrderworksError(
                f"another 'orderworks up' of {directory.parent} is starting and not ready yet; wait for it"
            )
        time.sleep(0.1)
    return (directory / "address").read_text(encoding="utf-8")


def _wait_for(path: Path) -> int:
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while (lock := try_lock(path)) is None:
        if time.monotonic() > given_up_at:
            raise OrderworksError(
                f"what an earlier 'orderworks up' left running does not end; end the processes that "
                f"hold {path} ('fuser {path}' names them)"
            )
        time.sleep(0.1)
    return lock
