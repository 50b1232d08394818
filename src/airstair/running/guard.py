"""Becomes another program that dies with its parent. Run as a script, never imported.

`python -I -S guard.py PARENT SIGNAL UID GID PROGRAM ARGUMENT…`: drops to UID and GID (`-` keeps ours), asks the
kernel to send SIGNAL when the parent dies however it dies (Linux; elsewhere the next start clears up), and execs
PROGRAM, which so stays a direct child of PARENT. A script of its own because the request must come after the change
of user (which clears it), and Python between fork and exec is not safe beside threads.
"""

import os
import signal
import sys

try:  # before the change of user, who may not be able to read Python's library
    import ctypes
except ImportError:  # a Python built without it: the next start clears up
    ctypes = None  # type: ignore[assignment]

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(parent: int, death_signal: int, uid: str, gid: str, program: list[str]) -> None:
    if gid != "-":
        os.setgroups([])
        os.setgid(int(gid))
    if uid != "-":
        os.setuid(int(uid))
    if sys.platform == "linux" and ctypes is not None:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # died between our start and the request
            sys.exit(1)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and what is ignored stays so over exec
    os.execv(program[0], program)  # noqa: S606 (this is what the script is for)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5:])
