"""Where the peers are installed: an environment of their own in benchmarks/.peers, and a Redis of the system.

Run as `python -m benchmarks.peers.place` it makes them; a part that needs them does so by itself.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

from airstair.running.ports import accepts, free_port
from benchmarks.processes import Failed, Program
from benchmarks.stage import temporary_folder

_HERE = Path(__file__).resolve().parent
_REQUIREMENTS = _HERE / "requirements.txt"
_PLACE = _HERE.parent / ".peers"
_STAMP = _PLACE / "installed.txt"  # what is installed there, to compare
_PORTS = range(16_000, 20_000)  # where no outgoing connection is
_PATIENCE = 20.0


def interpreter() -> str:
    """The Python that has the peers, and after them the product's own packages. Installs what is missing.

    Raises `Failed` with the next step when they cannot be had.
    """
    python = _PLACE / "bin" / "python"
    wanted = f"{sys.executable} {sys.version}\n{_REQUIREMENTS.read_text()}"
    if not (_STAMP.is_file() and _STAMP.read_text() == wanted):
        print("  installing the peers into benchmarks/.peers (a minute, once)", flush=True)
        shutil.rmtree(_PLACE, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(_PLACE)], "made")
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        _run([*pip, "--require-hashes", "-r", str(_REQUIREMENTS)], "filled")
        _see_the_product(python)
        _STAMP.write_text(wanted)
    return str(python)


def _run(argv: list[str], done: str) -> None:
    ran = subprocess.run(argv, capture_output=True, text=True, check=False)
    if ran.returncode:
        reason = " / ".join((ran.stderr or ran.stdout).strip().splitlines()[-3:])
        raise Failed(
            f"The peers' environment benchmarks/.peers could not be {done}: {reason} Without internet, point pip at a"
            " package index that you can reach (PIP_INDEX_URL), then try again."
        )


def _see_the_product(python: Path) -> None:
    """Let the peers' interpreter find the product and its packages, behind its own."""
    ran = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    ours = sysconfig.get_path("purelib")
    (Path(ran.stdout.strip()) / "the-product.pth").write_text(f"import site; site.addsitedir({ours!r})\n")


@contextlib.contextmanager
def redis() -> Iterator[tuple[str, Program]]:
    """A Redis that keeps everything in memory, which is its fastest; its address, and its process.

    Raises `Failed` with the next step when there is none on this machine.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise Failed(
            "Celery is left out: it needs a Redis, and there is no redis-server on this machine. Debian, Ubuntu:"
            " apt-get install redis-server; then try again."
        )
    port = free_port(_PORTS)
    with temporary_folder() as folder:
        words = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
        with Program("redis", words, {}, interpreter=program) as server:
            deadline = time.monotonic() + _PATIENCE
            while not accepts(port):
                if time.monotonic() > deadline:
                    raise Failed(f"Redis did not start within {_PATIENCE:g} s. Its last words: {server.last_words}")
                time.sleep(0.02)
            yield f"redis://127.0.0.1:{port}", server


if __name__ == "__main__":
    try:
        print(interpreter())
    except Failed as problem:
        sys.exit(str(problem))
