"""A worker that does as it is told in its job, which is a tuple of steps: a message is sent, a type is waited for, a number ends it (below 0: a signal)."""

import os
import sys
from multiprocessing.connection import Connection

from harness.engine.messages import Told  # noqa: F401 - messages are unpickled


def main(handle):
    pipe = Connection(handle)
    for step in pipe.recv():
        if isinstance(step, type):
            while not isinstance(pipe.recv(), step):
                pass
        elif isinstance(step, int):
            os.kill(os.getpid(), -step) if step < 0 else os._exit(step)
        else:
            pipe.send(step)


if __name__ == "__main__":
    main(int(sys.argv[1]))
