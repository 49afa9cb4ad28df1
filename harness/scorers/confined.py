"""The program that runs a reply with its tests, in a process of its own. `sandbox` starts it by its path.

It is started as `python -I -S confined.py`, so it imports nothing of ours and little else: most of the few
milliseconds that a run takes are the interpreter's start. First it confines itself, as far as the system allows:

- limits on CPU time, memory, processes, file size and open files;
- where a user namespace is permitted (Linux): a network namespace, which has no way out; a mount namespace in which everything is
  read-only except the temporary folder, which lies in memory and holds 64 MB;
- an audit hook, which cannot be taken off: no sockets, no processes, no signals, no foreign code, no file read outside
  Python's own library, none written outside the temporary folder.

Then it runs the reply and the tests, and says how that ended together with a nonce that it was given: a reply that exits,
or prints what looks like success, does not pass. The hook guards against what a model may write by mistake or by habit, not
against a reply made to break out of CPython or to read the nonce off this program's frames; where that must be feared, run the
harness in a container.

Standard input: nonce, seconds, megabytes, entry point, setup, tests, reply, separated by NUL. Standard output: a line of what confines
it, then `<nonce>` and why it failed (nothing: it passed).
"""

from __future__ import annotations

import os
import resource
import sys
from types import ModuleType, TracebackType
from typing import Any

CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWNS = 0x10000000, 0x40000000, 0x00020000
MS_REC, MS_PRIVATE, MS_NOSUID, MS_NODEV = 0x4000, 0x40000, 2, 4
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1
AF_UNIX = 1
DISK_MB = 64
PROCESSES = 32
FILE_BYTES = 16 * 2**20
OPEN_FILES = 64

DENIED = {
    "os.exec": "starting a program",
    "os.fork": "starting a process",
    "os.forkpty": "starting a process",
    "os.posix_spawn": "starting a program",
    "os.system": "starting a program",
    "pty.spawn": "starting a program",
    "subprocess.Popen": "starting a program",
    "os.kill": "sending a signal",
    "os.killpg": "sending a signal",
    "os.link": "making a link",
    "os.symlink": "making a link",
    "os.chdir": "leaving the folder",
    "socket.connect": "using the network",
    "socket.bind": "using the network",
    "socket.sendto": "using the network",
    "socket.sendmsg": "using the network",
    "socket.getaddrinfo": "using the network",
    "socket.gethostbyname": "using the network",
    "socket.gethostbyaddr": "using the network",
    "gc.get_objects": "searching the memory",
    "gc.get_referrers": "searching the memory",
    "sys._current_frames": "searching the memory",
    "resource.prlimit": "changing limits",
}
"""What the hook refuses, by the names of Python's audit events."""
WRITES = {
    "os.chmod": 1, "os.chown": 1, "os.mkdir": 1, "os.mknod": 1, "os.remove": 1, "os.rename": 2, "os.rmdir": 1, "os.setxattr": 1,
    "os.truncate": 1, "os.utime": 1, "shutil.rmtree": 1, "sqlite3.connect": 1,
}  # fmt: skip
"""Events that write to the paths that are their first arguments, and how many of these there are."""
UNAUDITED = {
    "posix": {
        "mkfifo": "making a pipe", "mknod": "making a file", "chroot": "leaving the folder", "sync": "writing the disk",
        "pidfd_open": "reaching a process",
    },
    "_signal": {"pidfd_send_signal": "sending a signal"},
    "_posixsubprocess": {"fork_exec": "starting a program"},
    "_posixshmem": {"shm_open": "sharing memory", "shm_unlink": "sharing memory"},
}  # fmt: skip
"""Functions of modules in C that no event announces, and what they are refused as."""
UNWANTED = frozenset({"readline", "_dbm", "_gdbm", "_posixsubprocess", "syslog", "_testcapi", "_testinternalcapi"})
"""Modules in C that write, or start something, without an event; they cannot be loaded once the hook is in force."""
ATTACHING = frozenset({"_sqlite3"})
"""The same where the disk is not our own: a database can attach another file without an event."""
READABLE = ("/dev/null", "/dev/urandom", "/dev/zero", "/etc/localtime", "/usr/share/zoneinfo")


def limit(seconds: float, megabytes: int) -> None:
    """Sets the limits that the kernel enforces; one that the system does not know, or already has lower, is left."""
    wanted = {
        resource.RLIMIT_CPU: int(seconds) + 1,
        resource.RLIMIT_AS: megabytes * 2**20,
        resource.RLIMIT_NPROC: PROCESSES,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for which, value in wanted.items():
        hard = resource.getrlimit(which)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(which, (least, least))
        except (ValueError, OSError):
            continue


def leave(folder: str) -> list[str]:
    """Moves this process into namespaces of its own; in words what that brought, as far as the system permits it."""
    try:
        import ctypes  # noqa: PLC0415  # 3 ms, for nothing where there are no namespaces

        libc = ctypes.CDLL(None, use_errno=True)
        unshare: Any = libc.unshare
    except (ImportError, OSError, AttributeError):
        return []
    user, group = os.getuid(), os.getgid()
    for flags in (CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS, CLONE_NEWUSER | CLONE_NEWNET, CLONE_NEWNET):
        if unshare(flags) == 0:
            own_disk = bool(flags & CLONE_NEWNS) and stay_who_we_are(user, group) and freeze(libc, folder)
            return ["no network", "own disk"] if own_disk else ["no network"]
    return []


def stay_who_we_are(user: int, group: int) -> bool:
    """Maps our own user and group into the new user namespace, without which nothing can be written there."""
    try:
        for name, text in (("uid_map", f"{user} {user} 1"), ("setgroups", "deny"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123  # pathlib is slow to load
                file.write(text)
    except OSError:
        return False
    return True


def freeze(libc: Any, folder: str) -> bool:
    """Makes every file system read-only for this process, and puts an empty one in memory where `folder` is."""
    import ctypes  # noqa: PLC0415  # as above

    read_only = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY, 0, 0, 0)
    path, options = folder.encode(), f"size={DISK_MB}m,mode=0700".encode()
    in_memory = (libc.mount, b"tmpfs", path, b"tmpfs", MS_NOSUID | MS_NODEV, options)
    steps: tuple[tuple[Any, ...], ...] = (
        (libc.mount, b"none", b"/", None, MS_REC | MS_PRIVATE, None),
        in_memory,  # whether that can be done must be known before everything is read-only
        (libc.syscall, MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, read_only, 32),
        in_memory,
    )
    done = all(call(*how) == 0 for call, *how in steps)
    os.chdir(folder)  # into the new file system, as far as there is one
    return done


def guard(folder: str, *, own_disk: bool) -> None:
    """Puts the audit hook in force, for good: files may be written in `folder` only."""
    readable = (folder, *(os.path.realpath(path) for path in sys.path if path), *READABLE)
    for name, functions in UNAUDITED.items():
        try:
            own = __import__(name)
        except ImportError:
            continue
        for function, doing in functions.items():
            for module in (own, os):
                if hasattr(module, function):
                    setattr(module, function, lambda *_, doing=doing, **__: forbid(doing))
    unwanted = UNWANTED if own_disk else UNWANTED | ATTACHING

    def hook(event: str, args: tuple[object, ...]) -> None:
        if event == "import" and args[0] in unwanted:
            raise ModuleNotFoundError(f"No module named {args[0]!r} here")
        refuse(event, args, folder, readable)

    sys.addaudithook(hook)


def refuse(event: str, args: tuple[object, ...], folder: str, readable: tuple[str, ...]) -> None:
    """Judges one audit event.

    Raises:
        PermissionError: what the event stands for is not allowed.
    """
    if event in DENIED:
        forbid(DENIED[event])
    elif event.startswith("ctypes."):
        forbid("calling foreign code")
    elif event == "socket.__new__" and args[1] != AF_UNIX:
        forbid("using the network")
    elif event == "open":
        path, mode, flags = args
        writes = isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))
        if writes or (isinstance(mode, str) and set(mode) & set("wax+")):
            keep_inside(path, (folder, os.devnull), "writing")
        else:
            keep_inside(path, readable, "reading")
    elif event in ("os.listdir", "os.scandir"):
        keep_inside(args[0] or ".", readable, "listing")
    elif event in WRITES:
        for path in args[: WRITES[event]]:
            keep_inside(path, (folder,), "writing")


def keep_inside(path: object, places: tuple[str, ...], doing: str) -> None:
    """Raises PermissionError where `path` (text, bytes or an open file's number) is in none of `places`."""
    if isinstance(path, int):
        return
    whole = os.path.abspath(os.fsdecode(path))  # type: ignore[arg-type]  # noqa: PTH100  # pathlib is slow to load
    if not any(whole == place or whole.startswith(place + os.sep) for place in places):
        forbid(f"{doing} {whole!r}")


def forbid(what: str) -> None:
    """Raises PermissionError: `what` is not allowed."""
    raise PermissionError(f"{what} is not allowed here")


def run(reply: str, tests: str, entry_point: str, setup: str = "") -> str:
    """Runs `setup`, a reply and its tests in the same module; why that failed in one line, nothing where all passed.

    With an `entry_point` the reply must define it, and where the tests define `check`, it is called with it.
    """
    module = ModuleType("reply")
    sys.modules["reply"] = module
    space = module.__dict__
    try:
        exec(compile(setup, "setup.py", "exec"), space)  # noqa: S102  # what this program is for
        before = space.get(entry_point, module)
        exec(compile(reply, "reply.py", "exec"), space)  # noqa: S102  # the same
        if entry_point and space.get(entry_point, module) is before:
            return f"it does not define {entry_point!r}"
        own_check = space.get("check")
        exec(compile(tests, "tests.py", "exec"), space)  # noqa: S102  # the same
        if entry_point and space.get("check") is not own_check:
            space["check"](space[entry_point])
    except BaseException as problem:  # noqa: BLE001  # SystemExit, too, is a failure to pass
        return describe(problem, tests)
    return ""


def describe(problem: BaseException, tests: str) -> str:
    """An exception in one line: its kind, the last line of its message, and the line of the tests that met it."""
    try:
        lines = str(problem).strip().splitlines()
    except BaseException:  # noqa: BLE001  # the reply may define the exception
        lines = []
    what = f"{type(problem).__name__}: {lines[-1]}" if lines else type(problem).__name__
    at = line_of_tests(problem.__traceback__)
    source = tests.splitlines()
    return f"{what} at: {source[at - 1].strip()}" if at and at <= len(source) else what


def line_of_tests(trace: TracebackType | None) -> int:
    """The line of the tests, from 1, where an exception passed last; 0 where it did not."""
    line = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "tests.py":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def main() -> None:
    """Reads the job, confines this process, runs the reply, tells the verdict, and ends without any clean-up."""
    job = sys.stdin.buffer.read().decode(errors="replace")
    nonce, seconds, megabytes, entry_point, setup, tests, reply = job.split("\0", 6)
    channel, process = os.dup(1), os.getpid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    write, getpid, end = os.write, os.getpid, os._exit
    folder = os.path.realpath(".")
    left = leave(folder) or ["network only guarded"]
    limit(float(seconds), int(megabytes))
    guard(folder, own_disk="own disk" in left)
    write(channel, f"{', '.join(['limits', 'audit hook', *left])}\n".encode())
    why = run(reply, tests, entry_point, setup)
    if getpid() == process:  # a copy that the reply made of this process has no say
        write(channel, f"{nonce}{why[:2000]}".encode(errors="replace"))
    end(0)


if __name__ == "__main__":
    main()
