"""A private PostgreSQL cluster in a folder of ours: made, started, checked and stopped by this process alone.

postgres is a direct child and stops with its parent. Must not serve two processes from one folder, and must not
touch a database that it did not make.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from airstair.running.account import Account, database_account
from airstair.running.binaries import Binaries, find_binaries
from airstair.running.leftovers import clear_leftovers
from airstair.running.lock import FileLock
from airstair.running.ports import LOOPBACK, accepts, free_port, is_free
from airstair.running.problems import AlreadyRunning, CannotRun

SUPERUSER = "postgres"
ROLE = "airstair"
DATABASE = "airstair"
PORTS = range(20_000, 32_000)  # below Linux's range for outgoing connections, which may take a port while we are down
START_SECONDS = 120  # recovery after a crash replays the log first
STOP_SECONDS = 30
# A server that ends, or recovers from a crash, first waits for whoever has begun to sign on and says no more (psycopg
# leaves such sockets behind), a minute by default, and answers nobody meanwhile. Our clients give up after as long.
SIGN_ON_SECONDS = 10
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 104 to 108 bytes, by system
LOG_BYTES = 10_000_000

QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def tell(sentence: str) -> None:
    """Say something to whoever watches the terminal."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


class Record(msgspec.Struct, frozen=True):
    """What `cluster.json` keeps between starts: the port and the two passwords."""

    port: int
    superuser_password: str
    password: str
    prepared: bool = False


class Cluster:
    """One private PostgreSQL, in `folder`.

    `durable=False` gives up safety against power loss for speed, and lets the role create databases: for tests.
    `binaries` chooses a build; by default one that fits the folder is found. `say` gets one-line notices.
    Start it from a thread that lives as long as the cluster: Linux stops postgres when that thread ends.
    """

    def __init__(
        self,
        folder: Path,
        *,
        binaries: Binaries | None = None,
        durable: bool = True,
        say: Callable[[str], None] = tell,
    ) -> None:
        self.folder = folder
        self.durable = durable
        self._binaries = binaries
        self._say = say
        self._lock = FileLock(folder / "lock")
        self._process: subprocess.Popen[bytes] | None = None
        self._account: Account | None = None

    # Where things are

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def record(self) -> Record | None:
        """The kept settings, or None before the first start. Raises `CannotRun` when they cannot be read."""
        path = self.folder / "cluster.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Record)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise CannotRun(
                f"{path} cannot be read ({error}). Restore it from a backup, or use another --home."
            ) from error

    @property
    def url(self) -> str:
        """The address of the database `airstair` for the role `airstair`. The cluster must have been made."""
        record = self.record
        if record is None:
            raise CannotRun(f"There is no database in {self.folder} yet. Start Airstair once with “airstair up”.")
        return f"postgresql://{ROLE}:{record.password}@{LOOPBACK}:{record.port}/{DATABASE}"

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs as our child."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def is_running_elsewhere(self) -> bool:
        """Whether another process of ours runs this cluster now."""
        return self._lock.held_by_another()

    def is_ready(self) -> bool:
        """Whether the database exists and something listens on its port."""
        record = self.record
        return record is not None and record.prepared and accepts(record.port)

    # Life

    def start(self) -> None:
        """Make the cluster if there is none, start it, wait until it accepts connections.

        Raises `AlreadyRunning` when another process runs it, `CannotRun` with the reason otherwise.
        """
        try:
            if not self.folder.exists():
                self.folder.mkdir(parents=True)
                self.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)  # root's database account passes through
            if not self._lock.take(patience=0.5):  # others look at it for an instant
                who = self._lock.holder()
                raise AlreadyRunning(
                    f"The database in {self.folder} is in use by another airstair process"
                    f"{f' ({who})' if who else ''}. Stop that one first, or give another folder with --home."
                )
        except OSError as error:
            raise CannotRun(
                f"{self.folder} cannot be written: {error.strerror}. Free it, or give --home DIR."
            ) from error
        self._moves = True  # nobody knows its address yet
        try:
            self._start()
        except OSError as error:
            self.stop()
            raise CannotRun(f"The database in {self.folder} did not start: {error}.") from error
        except BaseException:
            self.stop()
            raise

    def restart(self) -> None:
        """Start postgres again, where it was, after it died under us. The lock is still ours."""
        if not self._lock.held:
            raise RuntimeError("restart() is for a cluster that this object has started.")
        self._process = None
        self._moves = False
        self._start()

    def stop(self) -> None:
        """Stop postgres (SIGINT: it ends open sessions and saves), then give the folder free. Harmless when stopped."""
        process, self._process = self._process, None
        if process and process.poll() is None:
            # SIGTERM would wait for every client to leave.
            for word, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
                process.send_signal(word)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(seconds)
                    break
        self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    # Steps of a start

    def _start(self) -> None:
        exists = (self.data / "PG_VERSION").exists()
        account = self._account = database_account(self.data if exists else None)
        if account.other and not account.reaches(self.folder):
            raise CannotRun(f"The account “{account.name}” cannot enter {self.folder}, so PostgreSQL cannot run there.")
        build = (self._binaries or find_binaries(self._major() if exists else None)).runnable_by(account, self._say)
        if exists and self._major() != build.major:
            raise CannotRun(
                f"The database in {self.data} was made by PostgreSQL {self._major()}; {build} cannot open it. "
                f"Install PostgreSQL {self._major()}, or start with a new folder: --home DIR."
            )
        if not exists:
            self._initialise(build, account)
        elif self.record is None:
            raise CannotRun(f"{self.folder / 'cluster.json'} is missing, and with it the passwords of the database.")
        self._launch(build, account)
        self._prepare()

    def _major(self) -> int:
        return int((self.data / "PG_VERSION").read_text().strip())

    def _keep(self, record: Record) -> None:
        path = self.folder / "cluster.json"
        new = path.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(record)))
        new.replace(path)

    def _initialise(self, build: Binaries, account: Account) -> None:
        """initdb into a folder beside, renamed when whole: an interrupted one leaves nothing half-made."""
        if self.data.exists() and any(self.data.iterdir()):
            raise CannotRun(
                f"{self.data} is not empty and is no PostgreSQL data folder. Move it away, or use --home DIR."
            )
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        record = Record(free_port(PORTS), secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        self._keep(record)
        new.mkdir(mode=0o700)
        account.give(new)
        password_file = self.folder / "password.new"
        password_file.unlink(missing_ok=True)
        password_file.touch(mode=0o600)
        password_file.write_text(record.superuser_password)
        account.give(password_file)
        command: list[str | Path] = [build.folder / "initdb", f"--pgdata={new}", f"--username={SUPERUSER}"]
        command += [f"--pwfile={password_file}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        command += [] if self.durable else ["--no-sync"]
        try:
            done = account.run(command, env=_environment())
        finally:
            password_file.unlink()
        if done.returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise CannotRun(f"{build} could not set up a database in {self.folder}: {_last_words(done.stdout)}")
        if self.data.exists():
            self.data.rmdir()
        new.rename(self.data)

    def _launch(self, build: Binaries, account: Account) -> None:
        """Start postgres until it is ready."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            clear_leftovers(self.data, self._socket_folder(account), self._say)
            self._settle_port(deadline)
            said = self._run_until_ready(build, account, deadline)
            if said is None:
                return
            self._process = None
            taken = "Address already in use" in said
            dying = "shared memory block" in said or "lock file" in said  # sessions of a killed server, still ending
            if time.monotonic() > deadline or not (taken or dying):
                raise CannotRun(f"PostgreSQL did not start: {_last_words(said)} The whole story is in {self.log}.")
            time.sleep(0.2)

    def _run_until_ready(self, build: Binaries, account: Account, deadline: float) -> str | None:
        """None when ready; else what postgres said before it ended."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            begin = self.log.stat().st_size
            self._process = subprocess.Popen(  # noqa: S603 (PostgreSQL, with our own settings)
                account.command(self._command(build, account), signal.SIGINT),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # Ctrl-C in the terminal reaches us alone; we stop it last
            )
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                with self.log.open("rb") as said:
                    said.seek(begin)
                    return said.read().decode(errors="replace")
            if self._says_ready():
                return None
            time.sleep(0.01)
        self._process.send_signal(signal.SIGINT)
        raise CannotRun(f"PostgreSQL was not ready after {START_SECONDS} s. What it does is in {self.log}.")

    def _says_ready(self) -> bool:
        """The eighth line of postmaster.pid is the server's own word on its state."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _command(self, build: Binaries, account: Account) -> list[str]:
        record = self.record
        assert record is not None
        sockets = self._socket_folder(account)
        settings = [
            f"listen_addresses={LOOPBACK}",
            f"port={record.port}",
            f"unix_socket_directories={sockets or ''}",
            "unix_socket_permissions=0700",
            "password_encryption=scram-sha-256",
            "max_connections=120",
            f"authentication_timeout={SIGN_ON_SECONDS}s",
            "timezone=UTC",
            "log_timezone=UTC",
            "log_destination=stderr",
            "logging_collector=off",
            *(() if self.durable else QUICK),
        ]
        command = [str(build.folder / "postgres"), "-D", str(self.data)]
        return command + [part for setting in settings for part in ("-c", setting)]

    def _socket_folder(self, account: Account) -> Path | None:
        """A folder for the unix socket whose path is short enough; None when there is none that we can trust."""
        here = self.folder / "socket"
        if len(os.fsencode(here)) > LONGEST_SOCKET_PATH - len("/.s.PGSQL.65535.lock") or "," in str(here):
            name = hashlib.sha256(os.fsencode(self.folder.resolve())).hexdigest()[:12]
            here = Path(tempfile.gettempdir()) / f"airstair-{name}"
        try:
            here.mkdir(mode=0o700)
            account.give(here)
        except FileExistsError:
            found = here.lstat()
            # Anyone may make a folder under /tmp: use only one that is the account's own.
            if found.st_uid != account.uid or not here.is_dir() or here.is_symlink() or found.st_mode & 0o077:
                return None
        return here

    def _settle_port(self, deadline: float) -> None:
        """Take another port when ours was taken meanwhile; where everybody knows ours, wait for it."""
        record = self.record
        assert record is not None
        while not (free := is_free(record.port)) and not self._moves:
            if time.monotonic() > deadline:
                where = f"Another program took the database's port {record.port}"
                raise CannotRun(f"{where} while it was down. Start Airstair again: it then takes another port.")
            time.sleep(0.2)
        if not free:
            port = free_port(PORTS)
            self._say(f"Port {record.port} is taken by another program; the database now listens on {port}.")
            self._keep(msgspec.structs.replace(record, port=port))

    def _prepare(self) -> None:
        """The role that owns the database (no superuser), and the database. Repeats harmlessly."""
        record = self.record
        assert record is not None
        if record.prepared:
            return
        import psycopg
        from psycopg import sql

        with psycopg.connect(
            host=LOOPBACK,
            port=record.port,
            user=SUPERUSER,
            password=record.superuser_password,
            dbname="postgres",
            autocommit=True,
        ) as session:
            if not session.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                rights = "LOGIN" if self.durable else "LOGIN CREATEDB"
                session.execute(
                    sql.SQL("CREATE ROLE {} {} PASSWORD {}").format(
                        sql.Identifier(ROLE), sql.SQL(rights), sql.Literal(record.password)
                    )
                )
            if not session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                session.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                        sql.Identifier(DATABASE), sql.Identifier(ROLE)
                    )
                )
            session.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(DATABASE)))
        self._keep(msgspec.structs.replace(record, prepared=True))


def _environment() -> dict[str, str]:
    """Only what is stated: no PG… variable of the user's changes our server."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", **kept}


def _last_words(said: str) -> str:
    """The lines of PostgreSQL's output that name the reason."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reasons = [
        line for line in lines if any(word in line for word in ("FATAL:", "PANIC:", "error:", "HINT:", "DETAIL:"))
    ]
    words = " ".join((reasons or lines[-3:])[-4:]) or "it ended without a word."
    return words if words.endswith(".") else words + "."
