"""The state folder: everything that Airstair keeps on this machine outside a given database.

`.airstair/` in the current folder, or AIRSTAIR_HOME. Commands in other terminals find the running `airstair up`
through it. Must not read or change any record; the database is opened only to see whether it answers.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from airstair.running.account import database_account
from airstair.running.binaries import OLDEST, SYSTEM_FOLDER, public_folder
from airstair.running.cluster import START_SECONDS, Cluster, tell
from airstair.running.lock import FileLock
from airstair.running.problems import AlreadyRunning, CannotRun

DEFAULT = ".airstair"
SHORTEST_KEY = 32
GLANCE_SECONDS = 0.5  # a command that looks whether we run holds the lock for an instant


class Running(msgspec.Struct, frozen=True):
    """What a running `airstair up` tells the commands in other terminals."""

    pid: int
    started: datetime
    addresses: dict[str, str]
    """By the process's name, as `web` or `sandbox`: its address, as `http://127.0.0.1:8000`."""
    children: dict[str, int] = {}
    """By name: the process id at the time of writing."""


class Home:
    """The state folder at `path` (default: AIRSTAIR_HOME, else `.airstair` in the current folder).

    Nothing is written before `make()` or a method that says so.
    """

    def __init__(
        self,
        path: Path | str | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
        say: Callable[[str], None] = tell,
    ) -> None:
        self.path = Path(path or environ.get("AIRSTAIR_HOME") or DEFAULT).expanduser().absolute()
        self.given_database = environ.get("AIRSTAIR_DATABASE_URL") or None
        self._given_key = environ.get("AIRSTAIR_SECRET_KEY") or None
        self._say = say
        self._up = FileLock(self.path / "up.lock")

    @property
    def logs(self) -> Path:
        """Log files of the processes."""
        return self.path / "logs"

    @property
    def mail(self) -> Path:
        """Mail that has nowhere to go, one file each."""
        return self.path / "mail"

    def make(self) -> None:
        """Make the folder, its subfolders and the key, as far as absent. Raises `CannotRun`."""
        try:
            if not self.path.exists():
                self.path.mkdir(parents=True)
                # Root's database account must pass through; every file with a secret is 0600 by itself.
                self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            for folder in (self.logs, self.mail):
                folder.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise CannotRun(
                f"{self.path} cannot be used to keep Airstair's state: {error.strerror}. Make it writable for you, or "
                "give another folder with --home DIR or AIRSTAIR_HOME."
            ) from error
        self.secret_key()

    # Secrets

    def secret_key(self) -> str:
        """The key that signs sessions: AIRSTAIR_SECRET_KEY, else the content of `secret.key` (made when absent, 0600).

        Raises `CannotRun` when it is too short, unreadable, or readable to others.
        """
        if self._given_key is not None:
            return _long_enough(self._given_key, "AIRSTAIR_SECRET_KEY")
        path = self.path / "secret.key"
        try:
            if not path.exists():
                with FileLock(self.path / "secret.lock"):  # two commands starting at once make one key
                    _make_key(path)
            if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise CannotRun(f"{path} can be read by others. Take their rights away: chmod 600 “{path}”.")
            key = path.read_text().strip()
        except OSError as error:
            raise CannotRun(f"{path} cannot be read or made: {error.strerror}. Check who owns {self.path}.") from error
        return _long_enough(key, str(path))

    def derive_key(self, purpose: str) -> bytes:
        """32 bytes for one purpose (as `partner secrets`), always the same for the same secret key (HKDF-SHA256)."""
        kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"airstair " + purpose.encode())
        return kdf.derive(self.secret_key().encode())

    # The database

    def cluster(self) -> Cluster:
        """The private PostgreSQL of this home, not started. Makes the folder that it lives in. Raises `CannotRun`."""
        return Cluster(self._database_folder(), say=self._say)

    def database_url(self) -> str:
        """AIRSTAIR_DATABASE_URL, else the address of the private cluster, which may not be running.

        Raises `CannotRun` when there is none yet.
        """
        if self.given_database:
            return self.given_database
        if not self.path.is_dir():
            raise CannotRun(f"There is no Airstair in {self.path}. Start “airstair up”, or name one: --home DIR.")
        return self.cluster().url

    @contextlib.contextmanager
    def ensure_database(self) -> Iterator[str]:
        """The address of a database that answers, for the length of one command.

        A given one is checked and used. Else the private cluster: the running one if there is one, else started and
        stopped after (when the last of several such commands is done). Raises `CannotRun`.
        """
        if self.given_database:
            check_answers(self.given_database)
            yield self.given_database
            return
        self.make()
        cluster = self.cluster()
        in_use = FileLock(self.path / "in-use.lock")
        if self._join_or_start(cluster, in_use):
            try:
                yield cluster.url
            finally:
                in_use.release()
            return
        try:
            yield cluster.url
            if not in_use.take():
                self._say("Waiting for another airstair command that uses this database. Ctrl-C stops it at once.")
                in_use.take(wait=True)
        finally:
            cluster.stop()
            in_use.release()

    def environment(self, database_url: str) -> dict[str, str]:
        """What a process of Airstair must find in its environment to use this home and that database."""
        found = {"AIRSTAIR_HOME": str(self.path), "AIRSTAIR_DATABASE_URL": database_url}
        running = self.running()
        if running and "sandbox" in running.addresses:
            found["AIRSTAIR_SANDBOX_URL"] = running.addresses["sandbox"]
        if running and "connect" in running.addresses:
            found["AIRSTAIR_CONNECT_URL"] = running.addresses["connect"]
        return found

    # `airstair up`

    @contextlib.contextmanager
    def claim(self) -> Iterator[None]:
        """Be the one `airstair up` of this home. Raises `AlreadyRunning`, naming the other and its addresses."""
        self.make()
        if not self._up.take(patience=GLANCE_SECONDS):
            raise AlreadyRunning(self._who_is_running())
        try:
            (self.path / "running.json").unlink(missing_ok=True)  # a killed one's
            yield
        finally:
            (self.path / "running.json").unlink(missing_ok=True)
            self._up.release()

    def tell_running(self, running: Running) -> None:
        """Write what other commands may know. For the holder of `claim()`, once everything is ready."""
        new = self.path / "running.new"
        new.write_bytes(msgspec.json.format(msgspec.json.encode(running)))
        new.replace(self.path / "running.json")

    def running(self) -> Running | None:
        """The running `airstair up` of this home, or None; what a killed one has left behind does not count."""
        if not (self._up.held or self._up.held_by_another()):
            return None
        try:
            return msgspec.json.decode((self.path / "running.json").read_bytes(), type=Running)
        except (OSError, msgspec.DecodeError):
            return None

    # Steps

    def _who_is_running(self) -> str:
        running = self.running()
        who = running.pid if running else self._up.holder()
        where = f" at {running.addresses['web']}" if running and "web" in running.addresses else ""
        return (
            f"Airstair is already running from {self.path}{where}{f' (process {who})' if who else ''}. "
            "Use that one, stop it with Ctrl-C in its terminal, or start another with --home DIR and other ports."
        )

    def _join_or_start(self, cluster: Cluster, in_use: FileLock) -> bool:
        """True when another process runs the cluster (we then hold `in_use`), False when we have started it."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            # Asked for in this order: who stops a cluster takes `in_use` whole first, and then nobody joins.
            if in_use.take(shared=True):
                if cluster.is_running_elsewhere():
                    starting = self._up.held_by_another() and self.running() is None
                    if cluster.is_ready() and not starting:
                        return True
                    in_use.release()
                else:
                    in_use.release()
                    with contextlib.suppress(AlreadyRunning):
                        cluster.start()
                        return False
            time.sleep(0.1)
        raise CannotRun(f"Another airstair process is starting or stopping in {self.path}. Try again when it is done.")

    def _database_folder(self) -> Path:
        """Where the cluster lives: in the home, or for root, when its account cannot get there, in /var/lib."""
        pointer = self.path / "database-folder"
        if pointer.is_file():
            return Path(pointer.read_text().strip())
        folder = self.path / "database"
        if os.geteuid() != 0 or folder.exists():
            return folder
        self.make()
        account = database_account()
        if account.reaches(self.path):
            return folder
        name = hashlib.sha256(os.fsencode(self.path.resolve())).hexdigest()[:16]
        folder = SYSTEM_FOLDER / name
        try:
            public_folder(SYSTEM_FOLDER)
            public_folder(folder)
            pointer.write_text(f"{folder}\n")
        except OSError as error:
            raise CannotRun(
                f"{folder} cannot be made: {error.strerror}. Give a folder outside root's: --home DIR."
            ) from error
        self._say(f"The account “{account.name}” cannot enter {self.path}; the database is kept in {folder}.")
        return folder


# Row-level security does not hold for these. Asked of the role that is in force, after any SET ROLE of its settings.
_ABOVE_THE_RULES = """
SELECT rolname, CASE WHEN rolsuper THEN 'a superuser' ELSE 'marked BYPASSRLS' END
  FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)
"""


def check_answers(url: str) -> None:
    """Raise `CannotRun` unless a PostgreSQL that is new enough answers at `url`, to a role that it holds to its rules.

    The password is never in the words.
    """
    import psycopg

    parts = urlsplit(url)
    where = f"{parts.hostname or 'the local socket'}:{parts.port or 5432}{parts.path}"
    try:
        with psycopg.connect(url, connect_timeout=10) as session:
            version = session.info.server_version // 10_000
            above = session.execute(_ABOVE_THE_RULES).fetchone()
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise CannotRun(
            f"The database that AIRSTAIR_DATABASE_URL names ({where}) does not answer: {reason} "
            "Start it, or correct the address: postgresql://USER:PASSWORD@HOST:PORT/NAME."
        ) from error
    if version < OLDEST:
        raise CannotRun(f"The database at {where} is PostgreSQL {version}; Airstair needs {OLDEST} or newer.")
    if above is not None:
        role, what = above
        raise CannotRun(
            f"The role {role} that AIRSTAIR_DATABASE_URL names is {what}: for such a role nothing keeps one operator's "
            "rows from another. Make one for Airstair and give it the database: CREATE ROLE airstair LOGIN PASSWORD "
            f"'…'; ALTER DATABASE {parts.path.lstrip('/')} OWNER TO airstair; tables that are there already are handed "
            "over as docs/how-to/own-postgresql.md says. Then name that role in the address."
        )


def _make_key(path: Path) -> None:
    if path.exists():
        return
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(64) + "\n")
    new.replace(path)


def _long_enough(key: str, source: str) -> str:
    if len(key) < SHORTEST_KEY:
        raise CannotRun(
            f"The secret key in {source} has {len(key)} characters and needs {SHORTEST_KEY} or more. Restore the old "
            "one: with another key, signed-in people are signed out and partners' secrets must be entered again."
        )
    return key
