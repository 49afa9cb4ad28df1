"""What the figures were measured on. The machine's name is not among it."""

import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from harness.client.sync import new_loop
from harness.store import git_commit

PACKAGES = ("llm-harness", "aiohttp", "uvloop", "litellm", "openai", "pyarrow")


def described() -> dict[str, str]:
    """Processor, cores, load, Python, packages, commit."""
    told = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "load average before": " ".join(f"{one:.1f}" for one in os.getloadavg()),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "event loop": new_loop.__module__.split(".")[0],
        "commit": git_commit() or "unknown",
    }
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            told[name] = version(name)
    return told


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
