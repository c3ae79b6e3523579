"""Prefect's temporary server, tied to the process that started it: it ends when that does.

Prefect stops it on a normal exit only; a process that is killed would leave it behind for ever.
"""

import subprocess
import sys
from typing import Any, ClassVar

from prefect.server.api.server import SubprocessASGIServer

WAIT_AND_STOP = """
import contextlib, os, signal, sys
sys.stdin.read()
with contextlib.suppress(ProcessLookupError):
    os.kill(int(sys.argv[1]), signal.SIGTERM)
"""
"""Reads a pipe that nobody writes to: it ends when its only other end, our process, is gone."""


class TiedServer(SubprocessASGIServer):
    """The temporary server that clients of this process share, once it was made before them.

    Prefect keeps one instance a port, whichever class made it, and hands that out afterwards.
    """

    _ties: ClassVar[list[subprocess.Popen[bytes]]] = []
    """Held for as long as this process lives: letting go of one closes its pipe."""

    def _run_uvicorn_command(self) -> subprocess.Popen[Any]:
        process = super()._run_uvicorn_command()
        # A session of its own: what interrupts or kills our process group must not end it first.
        tie = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", WAIT_AND_STOP, str(process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._ties.append(tie)
        return process
