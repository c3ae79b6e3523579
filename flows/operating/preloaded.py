"""A process that has everything imported, and forks one for each flow run that is asked for.

Importing Prefect, pandas and Great Expectations and building the exchange's calendar takes seconds, which
would pass between a click, or the time in a schedule, and the first order. A fork has them at once, and is
yet a process of its own: it can be killed alone, and it shares no connection, loop or thread with others.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import NamedTuple

FLOWS = (
    *("daily", "intraday", "rebalance", "reconcile", "end_of_day", "period_quality", "recover"),
    "kill_switch",
)
GLANCE_SECONDS = 0.02


class Request(NamedTuple):
    """A run that is asked for: its variables, its directory, its output, and the line to who asks."""

    environment: dict[str, str]
    directory: str
    output: list[int]
    line: socket.socket


def preload() -> None:
    """Imports what runs need, and opens nothing: what is open would be shared by all forks."""
    for name in FLOWS:
        importlib.import_module(f"flows.{name}")
    from orderworks.handoffs.engine import warm
    from orderworks.market.calendar import latest_closed_session
    from orderworks.model.clock import WallClock

    importlib.import_module("prefect.flow_engine")
    importlib.import_module("orderworks.desk.opening")
    warm()
    latest_closed_session(WallClock().now())
    gc.collect()
    # What is there now is never garbage: forks do not touch it, and share its memory.
    gc.freeze()


def serve(listener: socket.socket) -> Request:
    """Forks for each request, for ever; returns in the forks only."""
    running: dict[int, socket.socket] = {}
    while True:
        timeout = GLANCE_SECONDS if running else None
        if select.select([listener], [], [], timeout)[0]:
            request = _received(listener)
            child = 0 if request is None else os.fork()
            if request is not None and child == 0:
                for inherited in (listener, *running.values()):
                    inherited.close()
                return request
            if request is not None:
                for descriptor in request.output:
                    os.close(descriptor)
                _tell(request.line, child)
                running[child] = request.line
        while running and (ended := os.waitpid(-1, os.WNOHANG))[0]:
            line = running.pop(ended[0])
            _tell(line, os.waitstatus_to_exitcode(ended[1]))
            line.close()


def inherit(request: Request) -> None:
    """Takes over what belongs to who asked: variables, directory, output, and its end."""
    os.environ.clear()
    os.environ.update(request.environment)
    os.chdir(request.directory)
    for number, descriptor in enumerate(request.output):
        os.dup2(descriptor, number)
        os.close(descriptor)
    threading.Thread(target=_end_with, args=(request.line,), daemon=True).start()


def run_engine() -> None:
    """Makes this process a run's: Prefect's engine, as a worker would have started it."""
    from prefect.context import refresh_global_settings_context

    refresh_global_settings_context()
    sys.argv = ["prefect.engine"]
    # It is imported already, and is run as a program here.
    sys.modules.pop("prefect.engine", None)
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


def _end_with(line: socket.socket) -> None:
    """Ends this process at once when the one that stands for it is gone."""
    line.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


def _received(listener: socket.socket) -> Request | None:
    line, _ = listener.accept()
    head, output, _, _ = socket.recv_fds(line, 64, 3)
    size, _, body = head.partition(b"\n")
    while size and len(body) < int(size):
        more = line.recv(2**16)
        if not more:
            break
        body += more
    if not size or len(body) < int(size):
        line.close()
        return None
    asked = json.loads(body)
    return Request(asked["environment"], asked["directory"], output, line)


def _tell(line: socket.socket, number: int) -> None:
    try:
        line.sendall(f"{number}\n".encode())
    except OSError:
        # Who asked is gone, and the fork has seen that itself.
        return


def main(path: str) -> None:
    """Listens at the path of a socket once all is loaded."""
    preload()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        Path(path).unlink(missing_ok=True)
        listener.bind(path)
        listener.listen(64)
        print("ready: runs are forked from here", flush=True)
        inherit(serve(listener))
    run_engine()


if __name__ == "__main__":
    main(sys.argv[1])
