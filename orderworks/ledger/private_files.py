"""Files and directories that are private, durable and locked.

Whatever is made here is closed to other users and synced with the directory that names it; a
directory that was there before keeps its mode.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orderworks.model.errors import LedgerUnavailable


def is_private_directory(path: Path, uid: int) -> bool:
    """Whether ``path`` is a real directory of that user, closed to everyone else."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == uid and not status.st_mode & 0o077


def make_directory(path: Path, uid: int, gid: int) -> None:
    """Make a directory of mode 0700 for that user and group."""
    path.mkdir(mode=0o700)
    os.chown(path, uid, gid)
    sync(path.parent)


def make_system_directory(path: Path, mode: int) -> Path:
    """Make sure of a directory that is root's and that only root can change."""
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != 0 or status.st_mode & 0o022:
            raise LedgerUnavailable(
                f"{path} must be a directory that only root can write to: correct its owner and"
                " mode, or set ORDERWORKS_DATABASE_URL to another PostgreSQL server."
            ) from None
    else:
        path.chmod(mode)  # whatever the umask took away
    return path


def write_file(path: Path, content: str | bytes, gid: int = -1) -> None:
    """Write a small file durably and whole, readable to its owner and to that group."""
    encoded = content.encode() if isinstance(content, str) else content
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        if gid != -1:
            os.fchown(descriptor, -1, gid)
            os.fchmod(descriptor, 0o640)
        file.write(encoded)
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Make a file durable, or the names in a directory."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot sync a directory and say so in one of these ways.
        if error.errno not in {errno.EBADF, errno.EINVAL}:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the file against every other process and thread; missing directories are made."""
    import fcntl  # absent on Windows, where no embedded server is made

    while True:
        _make_own_directories(path.parent)
        descriptor = _open_lock(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(descriptor, path):
                yield
                return
        finally:
            # Unlocked outright: closing would leave the lock with a child forked meanwhile.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


def try_lock(path: Path) -> int | None:
    """The descriptor that holds the file's lock, or None while another has it.

    The lock goes with every copy of the descriptor: a child that is given it holds it, too.
    """
    import fcntl  # absent on Windows, where no embedded server is made

    descriptor = _open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is still the one of that name: a removal may have come between."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _make_own_directories(path: Path) -> None:
    if not path.is_dir():
        _make_own_directories(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        sync(path.parent)
