"""The same questions by lm-eval, judged by it: run by the Python of a scratch environment that has it, on nothing of ours.

`python lm_eval_peer.py '{"url": …, "count": …, "at_once": …, "model": …, "story": …}'` says as JSON what it took.
"""

import json
import os
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any


def main(job: dict[str, Any]) -> dict[str, float]:
    """One evaluation; CPU and wall seconds without the import and the reading of the questions."""
    os.environ |= {"OPENAI_API_KEY": "sk-not-needed", "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HF_HOME"] = folder
        harness, tasks = import_module("lm_eval"), import_module("lm_eval.tasks")
        api = import_module("lm_eval.models.openai_completions").LocalChatCompletion
        questions = Path(folder) / "sheep.jsonl"
        asked = ({"question": f"{number}: {job['story']}", "answer": "9"} for number in range(job["count"]))
        questions.write_text("\n".join(map(json.dumps, asked)))
        (Path(folder) / "sheep.yaml").write_text(json.dumps(_task(questions)))
        manager = tasks.TaskManager(include_path=folder, include_defaults=False)
        model = api(
            base_url=f"{job['url']}/chat/completions", model=job["model"],
            num_concurrent=job["at_once"], max_retries=1, tokenized_requests=False, tokenizer_backend=None,
        )  # fmt: skip
        cpu, wall = time.process_time(), time.perf_counter()
        told = harness.simple_evaluate(model=model, tasks=["sheep"], task_manager=manager, apply_chat_template=True)
        took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    assert len(told["samples"]["sheep"]) == job["count"]
    assert told["results"]["sheep"]["exact_match,number"] == 1.0, told["results"]
    return took


def _task(questions: Path) -> dict[str, Any]:
    return {
        "task": "sheep",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(questions)}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{question}}",
        "doc_to_target": "{{answer}}",
        "generation_kwargs": {"until": [], "max_gen_toks": 500, "temperature": 0.2},
        "filter_list": [
            {"name": "number", "filter": [{"function": "regex", "regex_pattern": r"(\d+)"}, {"function": "take_first"}]}
        ],
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))) + "\n")
