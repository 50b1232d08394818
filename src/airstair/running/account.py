# ruff: noqa: S603 (what is run is PostgreSQL and /bin/sh, never a person's input)
"""Which account PostgreSQL runs under. PostgreSQL refuses uid 0, so root hands it to an unprivileged account.

Never changes the permissions of a folder that Airstair did not make.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from airstair.running.guarded import guarded
from airstair.running.problems import CannotRun

FOR_ROOT = ("airstair", "nobody", "postgres", "daemon")
OWN_DATABASE = "or set AIRSTAIR_DATABASE_URL to a PostgreSQL of your own"


@dataclass(frozen=True, slots=True)
class Account:
    """The account that owns the database's files and processes. `other` means: not the one we run as."""

    name: str
    uid: int
    gid: int
    other: bool

    def command(self, program: Sequence[str | Path], death_signal: int) -> list[str]:
        """The command line that runs `program` under this account and sends it `death_signal` when we die."""
        if self.other:
            return guarded(program, death_signal, uid=self.uid, gid=self.gid)
        return guarded(program, death_signal)

    def run(self, program: Sequence[str | Path], *, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run `program` to its end under this account; output and errors together in `stdout`."""
        return subprocess.run(
            self.command(program, signal.SIGTERM),
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd="/",
            check=False,
        )

    def reaches(self, folder: Path) -> bool:
        """Whether the account can enter `folder`. Tried, not computed: access lists and mounts count too."""
        if not self.other:
            return True
        return self.run(["/bin/sh", "-c", 'cd -- "$0"', folder], env={"PATH": "/usr/bin:/bin"}).returncode == 0

    def give(self, path: Path) -> None:
        """Make the account the owner of `path`, a file or folder that Airstair has just made."""
        if self.other:
            os.chown(path, self.uid, self.gid)


def database_account(existing: Path | None = None) -> Account:
    """The account for the private PostgreSQL: ourselves, or for root an unprivileged one.

    `existing`: a data folder made earlier; its owner stays in charge. Raises `CannotRun`.
    """
    uid = os.geteuid()
    owner = existing.stat().st_uid if existing is not None and existing.exists() else None
    if uid == 0:
        return _for_root(owner)
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise CannotRun(
            f"User id {uid} has no entry in /etc/passwd, and PostgreSQL does not start without one. "
            f"Add an entry, run Airstair as another user, {OWN_DATABASE}."
        ) from None
    if owner not in (None, uid):
        raise CannotRun(
            f"The database in {existing} belongs to user id {owner}, and you are {entry.pw_name}. "
            "Run Airstair as the user that made it, or give another folder with --home."
        )
    return Account(entry.pw_name, uid, entry.pw_gid, other=False)


def _for_root(owner: int | None) -> Account:
    if owner:
        try:
            entry = pwd.getpwuid(owner)
        except KeyError:
            raise CannotRun(
                f"The database belongs to user id {owner}, which has no entry in /etc/passwd. "
                "Add an entry for it, or give another folder with --home."
            ) from None
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, other=True)
    for name in FOR_ROOT:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, other=True)
    raise CannotRun(
        f"PostgreSQL does not run as root, and none of the accounts {', '.join(FOR_ROOT)} exists. "
        f"Add one with “useradd --system airstair”, run Airstair as an ordinary user, {OWN_DATABASE}."
    )
