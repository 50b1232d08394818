"""The set-up scripts on machines that lack something: one clear line, and nothing half-done that looks whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
PROJECT = """
[project]
name = "airstair"
version = "0"
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in a folder with a blank in its name, whose only dependency cannot be had."""
    clone = tmp_path / "a clone"
    (clone / "scripts").mkdir(parents=True)
    for name in ("setup", "browser"):
        shutil.copy(SCRIPTS / name, clone / "scripts" / name)
    (clone / "pyproject.toml").write_text(PROJECT)
    (clone / "requirements.lock").write_text("nothing-of-that-name==1 --hash=sha256:" + "0" * 64 + "\n")
    return clone


def run(clone: Path, script: str, **environ: str) -> subprocess.CompletedProcess[str]:
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_") and name != "PYTHON"}
    return subprocess.run(
        ["/bin/sh", clone / "scripts" / script], env={**kept, **offline, **environ}, capture_output=True, text=True
    )


def program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    made = folder / name
    made.write_text(f"#!/bin/sh\n{text}\n")
    made.chmod(0o755)
    return made


def tools(folder: Path, *names: str) -> str:
    """A PATH on which there is nothing but these."""
    folder.mkdir(exist_ok=True)
    for name in names:
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return str(folder)


def test_unreachable_index_is_told_and_the_next_try_goes_on(clone: Path) -> None:
    done = run(clone, "setup", PYTHON=sys.executable)
    assert done.returncode == 1
    assert "setup: The packages could not be installed; pip's reason is above. Without internet" in done.stderr
    assert not (clone / ".venv" / "airstair-setup" / "requirements.lock").exists(), "it does not count as installed"
    made = (clone / ".venv" / "pyvenv.cfg").stat().st_mtime_ns
    again = run(clone, "setup")
    assert again.returncode == 1
    assert (clone / ".venv" / "pyvenv.cfg").stat().st_mtime_ns == made, "the next try goes on where this one ended"


def test_nothing_to_do_is_quick_and_a_moved_clone_is_not_taken_for_whole(clone: Path) -> None:
    environment = clone / ".venv"
    environment.mkdir()
    program(environment / "bin", "python", "exit 0")
    program(environment / "bin", "airstair", "exit 0")
    (environment / "pyvenv.cfg").write_text(f"command = /usr/bin/python3 -m venv {clone.resolve()}/.venv\n")
    (environment / "airstair-setup").mkdir()
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(clone / name, environment / "airstair-setup" / name)
    done = run(clone, "setup", PYTHON="/nonexistent")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    moved = clone.rename(clone.with_name("moved"))
    done = run(moved, "setup", PYTHON="/nonexistent")
    assert done.returncode == 1
    assert "PYTHON=/nonexistent is not a Python 3.11 or newer" in done.stderr


def test_old_python_is_told(clone: Path, tmp_path: Path) -> None:
    old = program(tmp_path / "bin", "python3", "exit 1")
    path = tools(tmp_path / "bin", "dirname", "cat", "cmp", "grep")
    done = run(clone, "setup", PATH=path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("setup: Python 3.11 or newer is needed and was not found.")
    assert "not a Python 3.11" in run(clone, "setup", PYTHON=str(old)).stderr


def test_python_without_venv_is_told(clone: Path, tmp_path: Path) -> None:
    script = 'case "$2" in *ensurepip*) exit 1;; *print*) echo 3.12;; esac'
    program(tmp_path / "bin", "python3.12", script)
    path = tools(tmp_path / "bin", "dirname", "cat", "cmp", "grep")
    done = run(clone, "setup", PATH=path)
    assert done.returncode == 1
    assert done.stderr == (
        "setup: Python 3.12 has no venv module. Debian, Ubuntu: sudo apt-get install python3-venv "
        "(or python3.12-venv), then try again.\n"
    )


def test_browser_is_found_or_told(clone: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "bin", "id")
    done = run(clone, "browser", PATH=path, AIRSTAIR_CHROMIUM="")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("browser: no Chromium was found") and "sudo apt-get install chromium" in done.stderr
    broken = program(tmp_path / "bin", "chromium", "echo 'install the snap'; exit 1")
    assert run(clone, "browser", PATH=path, AIRSTAIR_CHROMIUM="").returncode == 1, "a stub that only talks is none"
    named = run(clone, "browser", PATH=path, AIRSTAIR_CHROMIUM=str(broken))
    assert named.returncode == 1
    assert f"AIRSTAIR_CHROMIUM={broken} does not run" in named.stderr
    working = program(tmp_path / "bin", "chromium-browser", "exit 0")
    found = run(clone, "browser", PATH=path, AIRSTAIR_CHROMIUM="")
    assert (found.returncode, found.stdout) == (0, f"{working}\n")
