"""The most memory that a process has had."""

import resource
import sys
from pathlib import Path


def peak_mb() -> float:
    """Of this process since it began, in MB.

    On Linux from /proc: there `ru_maxrss` of a process begins with that of the one that started it.
    """
    if sys.platform == "linux":
        (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    else:  # noqa: RET505 - mypy skips the other platform's branch, not what follows
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
