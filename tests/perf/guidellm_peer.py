"""The same streams by guidellm, timed by it: run by the Python of a scratch environment that has it, on nothing of ours.

`python guidellm_peer.py '{"url": …, "count": …, "spread_s": …, "model": …, "story": …}'` says as JSON what it read off its clock.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def main(job: dict[str, Any]) -> dict[str, Any]:
    """One benchmark at a constant rate; seconds from a request's start to its first and its last token, each request's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asked = (json.dumps({"prompt": f"{number}: {job['story']}"}) for number in range(job["count"]))
        (folder / "sheep.jsonl").write_text("\n".join(asked) + "\n")
        server = f"kind=openai_http,target={job['url'].removesuffix('/v1')},model={job['model']},validate_backend=false"
        command = [
            sys.executable, "-m", "guidellm", "run", "--disable-console",
            "--backend", f"{server},request_format=/v1/chat/completions",
            "--profile", f"kind=constant,rate={job['count'] / job['spread_s']}",
            "--constraint", f"kind=max_requests,count={job['count']}",
            "--data", f"kind=json_file,path={folder / 'sheep.jsonl'}",
            "--output", f"kind=json,path={folder / 'told.json'}",
        ]  # fmt: skip
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env={**os.environ, **OFFLINE, "HF_HOME": name}
        )
        assert done.returncode == 0, done.stderr[-500:]
        (benchmark,) = json.loads((folder / "told.json").read_text())["benchmarks"]
    timings = [one["info"]["timings"] for one in benchmark["requests"]["successful"]]
    assert len(timings) == job["count"], f"{len(timings)} of {job['count']} were answered"
    return {
        "cpu_s": float("nan"),  # its import and its processes' start cannot be told from the rest
        "wall_s": benchmark["duration"],
        "ttft_s": [one["first_token_iteration"] - one["request_start"] for one in timings],
        "latency_s": [one["last_token_iteration"] - one["request_start"] for one in timings],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))) + "\n")
