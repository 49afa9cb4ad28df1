"""Records a run into the place that is named, in a process that a test kills: `python -m tests.store.publishing_child PLACE`."""

import sys

from harness.store import Recorder
from tests.store import made

if __name__ == "__main__":
    with Recorder(sys.argv[1], made.info()) as recorder:
        for number in range(3):
            recorder.started(made.trial(number), 1)
            recorder.record(made.attempt(made.trial(number)))
