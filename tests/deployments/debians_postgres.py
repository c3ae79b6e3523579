"""Debian's PostgreSQL, listening on loopback as the compose file's does in its network."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from operating_house import free_port

SYSTEM_USER = "postgres"
"""Who runs it if the tests run as root, which it refuses."""


def programs() -> Path:
    """Where it is installed; the test is skipped, and says so, where it is not."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL of Debian's on this machine, with pg_trgm; install postgresql")
    return found[-1].parent


@contextmanager
def debians_postgres(user: str, password: str, max_connections: str) -> Iterator[int]:
    """A server with one user, who may do anything, as the official image makes it: its port."""
    program = programs()
    directory = Path(tempfile.mkdtemp(prefix="postgres-"))
    as_user = {"user": SYSTEM_USER, "extra_groups": []} if os.getuid() == 0 else {}
    if as_user:
        shutil.chown(directory, SYSTEM_USER)
    secret = directory / "password"
    secret.write_text(password)
    secret.chmod(0o644)
    data, port = directory / "data", free_port()
    made = [program / "initdb", "-D", data, "-U", user, "-A", "scram-sha-256", "--pwfile", secret]
    subprocess.run([*made, "--no-sync"], check=True, capture_output=True, cwd="/", **as_user)
    options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-k", directory]
    started = [program / "postgres", "-D", data, "-p", str(port), *options]
    process = subprocess.Popen(
        [*started, "-c", f"max_connections={max_connections}"],
        stderr=subprocess.DEVNULL,
        cwd="/",
        **as_user,
    )
    try:
        _wait(f"postgresql://{user}:{password}@127.0.0.1:{port}/postgres")
        yield port
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(directory)


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("PostgreSQL does not answer")
