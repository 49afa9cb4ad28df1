"""The confined program from inside: what the hook refuses, how failures are told. What it does as a process, test_sandbox shows."""

import io
import os
import resource
import sys
from types import SimpleNamespace

import pytest

from harness.scorers import confined

PLACES = ("/given/folder", "/usr/lib/python3")


def refuse(event, *args):
    confined.refuse(event, args, PLACES[0], PLACES)


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("open", ("/given/folder/a", "w", os.O_WRONLY)),
        ("open", ("/given/folder/a", None, os.O_RDWR)),
        ("open", ("/given/folder", None, os.O_RDONLY)),
        ("open", ("/usr/lib/python3/json/__init__.py", "rb", os.O_RDONLY)),
        ("open", (3, "w", os.O_WRONLY)),
        ("open", (os.devnull, "w", os.O_WRONLY)),
        ("os.mkdir", ("/given/folder/a", 0o777, -1)),
        ("os.rename", ("/given/folder/a", "/given/folder/b", -1, -1)),
        ("os.listdir", ("/given/folder",)),
        ("socket.__new__", (None, 1, 1, 0)),
        ("import", ("json",)),
    ],
)
def test_the_hook_lets_through_what_stays_inside(event, args):
    refuse(event, *args)


@pytest.mark.parametrize(
    ("event", "args", "what"),
    [
        ("os.fork", (), "starting a process"),
        ("ctypes.dlopen", ("libc",), "calling foreign code"),
        ("socket.__new__", (None, 2, 1, 0), "using the network"),
        ("socket.__new__", (None, 16, 3, 0), "using the network"),
        ("socket.connect", (None, "/run/docker.sock"), "using the network"),
        ("open", ("/given/folder2/a", "r", os.O_RDONLY), "reading '/given/folder2/a'"),
        ("open", ("/given/folder/../a", "r", os.O_RDONLY), "reading '/given/a'"),
        ("open", (b"/etc/passwd", "r", os.O_RDONLY), "reading '/etc/passwd'"),
        ("open", ("/usr/lib/python3/a", "w", os.O_WRONLY), "writing '/usr/lib/python3/a'"),
        ("open", ("/usr/lib/python3/a", "r+", 0), "writing '/usr/lib/python3/a'"),
        ("open", ("/usr/lib/python3/a", None, os.O_CREAT), "writing '/usr/lib/python3/a'"),
        ("os.rename", ("/given/folder/a", "/given/b", -1, -1), "writing '/given/b'"),
        ("os.remove", ("/given/b", -1), "writing '/given/b'"),
        ("os.scandir", ("/",), "listing '/'"),
    ],
)
def test_the_hook_refuses_what_leads_outside(event, args, what):
    with pytest.raises(PermissionError) as caught:
        refuse(event, *args)
    assert str(caught.value) == f"{what} is not allowed here"


def test_a_listing_of_the_present_folder_is_judged_by_where_that_is():
    with pytest.raises(PermissionError, match="listing"):
        refuse("os.listdir", None)


@pytest.mark.parametrize(
    ("reply", "tests", "entry_point", "why"),
    [
        ("x = 1", "assert x == 1", "", ""),
        ("x = 1", "assert x == 2", "", "AssertionError at: assert x == 2"),
        ("x = 1", "assert x == 2, 'first\\nlast'", "", "AssertionError: last at: assert x == 2, 'first\\nlast'"),
        ("x = 1", "", "f", "it does not define 'f'"),
        ("f = None", "", "f", ""),
        ("raise SystemExit(3)", "", "", "SystemExit: 3"),
        ("def f(): raise KeyError('k')", "\nf()", "", "KeyError: 'k' at: f()"),
        ("def f(): return 1", "def check(g):\n    assert g() == 2", "f", "AssertionError at: assert g() == 2"),
        ("class E(Exception):\n def __str__(self): raise self\nraise E", "", "", "E"),
    ],
)
def test_why_a_reply_failed_is_told_in_one_line(reply, tests, entry_point, why):
    assert confined.run(reply, tests, entry_point) == why


def test_limits_are_set_where_the_system_knows_them_and_never_raised(monkeypatch):
    asked = {}

    def setrlimit(which, limits):
        if which == resource.RLIMIT_AS:
            raise ValueError("not known here")
        asked[which] = limits

    monkeypatch.setattr(resource, "setrlimit", setrlimit)
    monkeypatch.setattr(
        resource, "getrlimit", lambda which: (0, 10 if which == resource.RLIMIT_NOFILE else resource.RLIM_INFINITY)
    )
    confined.limit(2.5, 512)
    assert asked[resource.RLIMIT_CPU] == (3, 3)
    assert asked[resource.RLIMIT_NOFILE] == (10, 10)
    assert resource.RLIMIT_AS not in asked


class Library:
    """The system's calls, each with its answers: 0 for done."""

    def __init__(self, *unshared: int, mounted: int = 0):
        self.left, self.mounted = iter(unshared), mounted

    def unshare(self, _flags):
        return next(self.left)

    def mount(self, *_):
        return self.mounted

    def syscall(self, *_):
        return 0


@pytest.mark.parametrize(
    ("library", "mapped", "left"),
    [
        (Library(0), True, ["no network", "own disk"]),
        (Library(0, mounted=-1), True, ["no network"]),
        (Library(0), False, ["no network"]),
        (Library(-1, 0), True, ["no network"]),
        (Library(-1, -1, 0), True, ["no network"]),
        (Library(-1, -1, -1), True, []),
        (object(), True, []),
    ],
)
def test_the_system_is_left_as_far_as_it_permits(monkeypatch, tmp_path, library, mapped, left):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ctypes.CDLL", lambda _name, **_: library)
    monkeypatch.setattr(confined, "stay_who_we_are", lambda _user, _group: mapped)
    assert confined.leave(str(tmp_path)) == left


def test_a_process_that_has_no_namespace_of_its_own_maps_nobody_into_it():
    assert confined.stay_who_we_are(2**31, 2**31) is False


class Left(Exception):
    pass


@pytest.mark.parametrize(
    ("network", "code", "told"),
    [
        (["no network", "own disk"], "x = 1", "limits, audit hook, no network, own disk\nnonce"),
        ([], "x = 2", "limits, audit hook, network only guarded\nnonceAssertionError at: assert x == 1"),
    ],
)
def test_the_program_tells_what_confines_it_and_then_its_verdict(monkeypatch, network, code, told):
    job = io.BytesIO(f"nonce\0001.5\000512\0\0\0assert x == 1\0{code}".encode())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=job))
    out, into = os.pipe()

    def leave(code):
        raise Left(code)

    monkeypatch.setattr(os, "dup", lambda _stream: into)
    monkeypatch.setattr(os, "dup2", lambda _from, _to: None)
    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(confined, "leave", lambda _folder: network)
    monkeypatch.setattr(confined, "limit", lambda _seconds, _megabytes: None)
    monkeypatch.setattr(confined, "guard", lambda _folder, own_disk: None)
    with pytest.raises(Left):
        confined.main()
    os.close(into)
    assert os.read(out, 1000).decode() == told
    os.close(out)


def test_what_the_prompt_showed_is_there_for_the_reply_but_does_not_stand_in_for_it():
    setup = "import math\ndef f(): return 3"
    assert confined.run("def f(): return math.floor(1.5)", "assert f() == 1", "f", setup) == ""
    assert confined.run("x = 1", "assert f() == 3", "f", setup) == "it does not define 'f'"
