"""Has a flow run started by the preloaded process, and stands for it: what a worker starts for each run.

Run as a program with the path of a socket. It passes on its variables, its directory and its output,
then its signals, and ends as the run's process ends. If it is killed, that process is, too. Where no
preloaded process answers, it becomes an ordinary one. Only the standard library is used: this starts in
milliseconds.
"""

import json
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from types import FrameType

ENGINE = ("-m", "prefect.engine")
GLANCE_SECONDS = 0.1


def main(path: str) -> int:
    """Returns the status that the run's process ended with."""
    try:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.connect(path)
        request = json.dumps({"environment": dict(os.environ), "directory": os.getcwd()}).encode()
        socket.send_fds(line, [f"{len(request)}\n".encode()], [0, 1, 2])
        line.sendall(request)
        answers = line.makefile("r")
        child = int(answers.readline())
    except (OSError, ValueError):
        os.execv(sys.executable, [sys.executable, *ENGINE])

    def pass_on(number: int, _: FrameType | None) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    told = answers.readline()
    if told:
        return int(told)
    # The preloaded process is gone; the run's is not, and has nobody else who waits for it.
    with suppress(ProcessLookupError):
        while True:
            os.kill(child, 0)
            time.sleep(GLANCE_SECONDS)
    return 1


if __name__ == "__main__":
    ended = main(sys.argv[1])
    if ended < 0:
        # By the same signal, so that who waits for us learns how it ended.
        with suppress(OSError):
            # SIGKILL has no other way to act.
            signal.signal(-ended, signal.SIG_DFL)
        os.kill(os.getpid(), -ended)
    sys.exit(ended)
