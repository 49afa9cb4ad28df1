"""Asking and running with the cache; listing and clearing it."""

import argparse
import json
import re

import pytest

from harness import load_run
from harness.cli.options import age
from harness.client import Cache
from harness.errors import ExitCode
from tests.cli.conftest import call

ONE = "--only=sim-swift"


def ask(question="How many?", *more):
    return call("ask", question, "--model=mine", "--providers=own.toml", *more)


def test_the_same_question_is_asked_once_and_the_replay_says_how_old_it_is(mine):
    first, again = ask(), ask()
    assert len(mine.bodies) == 1
    assert (first.out, again.out) == ("4\n", "4\n")
    assert "from the cache" not in first.err
    assert re.fullmatch(
        r"\(mine: from the cache, asked \d+ seconds? ago, 11 \+ 3 tokens, cost unknown then; --no-cache asks again\)\n",
        again.err,
    )


def test_json_says_that_it_is_a_replay_and_of_when(mine):
    first, again = (json.loads(ask("How many?", "--json").out) for _ in range(2))
    assert (first["replayed"], first["asked_at"]) == (False, None)
    assert (again["replayed"], again["asked_at"]) == (True, first["started_at"])
    assert again["reply"] == first["reply"]


def test_without_the_cache_it_is_asked_and_nothing_kept(mine, cache_dir):
    for _ in range(2):
        assert ask("How many?", "--no-cache").out == "4\n"
    assert len(mine.bodies) == 2
    assert list(cache_dir.iterdir()) == []


def test_an_answer_that_is_too_old_is_asked_for_again(mine):
    ask()
    ask("How many?", "--cache-ttl=1h")
    assert len(mine.bodies) == 1
    ask("How many?", "--cache-ttl=0.0001s")
    assert len(mine.bodies) == 2


def test_a_provider_that_is_simulated_for_the_question_is_always_asked(project, cache_dir):
    for _ in range(2):
        assert "from the cache" not in call("ask", "What is 2 + 2?", "--model=sim-swift").err
    assert call("cache", "ls").out.startswith("0 replies")


def test_another_folder_is_another_cache(mine, tmp_path):
    ask()
    ask("How many?", "--cache-dir", tmp_path / "other")
    assert len(mine.bodies) == 2
    assert "1 reply, " in call("cache", "ls", "--cache-dir", tmp_path / "other").out


def test_options_of_a_cache_that_is_off_are_wrong(mine):
    said = ask("How many?", "--no-cache", "--cache-ttl=5m")
    assert said.code == ExitCode.WRONG_USE
    assert "the cache, and it is off" in said.err.replace("a cache", "the cache")
    assert mine.bodies == []


def test_a_damaged_cache_is_told_and_the_answer_comes_all_the_same(mine, cache_dir):
    file = Cache(cache_dir).file
    file.write_bytes(b"nothing that SQLite would know of" * 100)
    said = ask()
    assert (said.code, said.out) == (ExitCode.FINE, "4\n")
    assert said.err.startswith(f"harness: going on without the cache: {file} cannot be used: file is not a database")
    listed = call("cache", "ls")
    assert (listed.code, listed.out) == (ExitCode.BROKEN, "")
    assert "`harness cache clear` removes it" in listed.err
    assert call("cache", "clear").out == f"removed {file}, which was damaged: 3.3 kB freed\n"
    assert "from the cache" not in ask().err
    assert "from the cache" in ask().err


def test_what_is_kept_is_listed_newest_first(mine, cache_dir):
    assert call("cache", "ls").out == f"0 replies, 0 B in {Cache(cache_dir).file}\n"
    ask("First?")
    ask("What is the answer to this very long question, of which a list shows only the beginning?")
    title, head, *rows = call("cache", "ls").out.strip().splitlines()
    assert re.fullmatch(rf"2 replies, \d\.\d kB in {re.escape(str(Cache(cache_dir).file))}", title)
    assert head.split() == ["asked", "provider", "model", "question", "tokens", "size"]
    assert [re.split(r"\s{2,}", row)[1:5] for row in rows] == [
        ["mine", "openai/m-1", "What is the answer to this very lon…", "14"],
        ["mine", "openai/m-1", "First?", "14"],
    ]
    listed = json.loads(call("cache", "ls", "--json").out)
    assert listed["file"] == str(Cache(cache_dir).file)
    assert [one["question"][:6] for one in listed["entries"]] == ["What i", "First?"]
    assert set(listed["entries"][0]) == {"key", "asked_at", "provider", "model", "question", "tokens", "size"}


def test_a_long_list_says_how_to_see_the_rest(mine, monkeypatch):
    monkeypatch.setattr("harness.cli.commands.cache.SHOWN", 1)
    ask("First?")
    ask("Second?")
    short, long = call("cache", "ls").out, call("cache", "ls", "--all").out
    assert "and 1 more; --all lists them" in short
    assert ("First?" in short, "First?" in long, "more" in long) == (False, True, False)


def test_clear_says_what_it_removed(mine, cache_dir):
    ask("First?")
    ask("Second?")
    file = Cache(cache_dir).file
    assert call("cache", "clear", "--older-than=7d").out == f"0 replies removed from {file}: 0 B freed\n"
    assert call("cache", "clear", "--model=openai/other").out == f"0 replies removed from {file}: 0 B freed\n"
    said = json.loads(call("cache", "clear", "--model=openai/m-1", "--json").out)
    assert (said["file"], said["removed"]) == (str(file), 2)
    assert said["freed_bytes"] > 400
    assert call("cache", "ls").out == f"0 replies, 0 B in {file}\n"


def test_cache_alone_says_what_there_is():
    said = call("cache")
    assert said.code == ExitCode.WRONG_USE
    assert "ls | clear" in said.err


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("1.5h", 5400), ("7d", 604800), ("2w", 1209600)]
)
def test_lengths_of_time(text, seconds):
    assert age(text) == seconds


@pytest.mark.parametrize("text", ["7", "d", "0d", "-1d", "1y", "١d", "1e3s", ""])
def test_what_is_no_length_of_time(text):
    with pytest.raises(argparse.ArgumentTypeError, match="such as 30m, 12h or 7d"):
        age(text)


def test_a_run_asks_by_default_and_keeps_nothing(project, cache_dir):
    assert call("run", ONE, "--limit=1").code == ExitCode.FINE
    assert list(cache_dir.iterdir()) == []


def test_a_second_run_with_the_cache_replays_the_first(project):
    first = call("run", ONE, "--cache", "--json")
    plan, dry = (call("run", ONE, "--cache", "--dry-run", *more) for more in ([], ["--json"]))
    second = call("run", ONE, "--cache", "--json")
    one, two = json.loads(first.out), json.loads(second.out)
    assert "trials     5, of which the cache has none yet\n" in first.err
    assert (one["attempts"], one["replayed"]) == (6, 0), "a warm-up and five trials"
    assert "trials     5, of which the cache has 5: these are replayed, neither timed nor paid for\n" in plan.out
    assert "at most    $0.00, simulated" in plan.out
    assert (json.loads(dry.out)["cached"], json.loads(dry.out)["most_usd"]) == (5, {"sim-swift": 0.0})
    assert (two["attempts"], two["replayed"], two["spend_usd"], two["trials"]) == (0, 5, 0.0, 5)
    assert "0 requests and 5 from the cache" in second.err
    assert "5 of 5 rows were replayed from the cache: they count for quality, and for nothing else." in two["notes"]
    qualities = [[(each["capability"], each["quality"]) for each in report["standings"]] for report in (one, two)]
    assert qualities[0] == qualities[1]
    whole = two["standings"][-1]
    assert (whole["reliability"], whole["latency"]["p50"], whole["cost_per_call"], two["calibration"]) == (
        None,
        None,
        None,
        [],
    )
    run = load_run("reports/latest")
    assert list(run.truths()) == []  # the fleet's own log: nobody asked it
    calls = run.calls()
    assert calls["replayed"].all()
    assert calls[["ttft_s", "latency_s", "connect_s", "http_status"]].isna().all(axis=None)
    assert (calls["cost_usd"] > 0).all()
    assert (calls["asked_at"] < calls["started_at"]).all()


def test_a_budget_counts_nothing_for_what_is_replayed(project):
    call("run", ONE, "--cache")
    said = call("run", ONE, "--cache", "--json", "--budget=0.01")
    assert json.loads(said.out)["replayed"] == 5
    assert said.code == ExitCode.FINE
