"""The worker as a process with a port of its own, and what its log looks like to a machine."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from asyncio.subprocess import PIPE
from pathlib import Path

from django.conf import settings as django_settings
from django.db import connection as database

from airstair.running.ports import free_port

from ..hub.own_partner import Receiver, own_addon
from ..hub.stage import Stage

WORKER = """
import sys
import django
django.setup()
sys.path.insert(0, {folder!r})
from own_partner import own_addon
from airstair.hub.worker import work
own_addon()
work(lambda: print("ready", flush=True), port=("127.0.0.1", {port}))
"""


def fetched(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


async def test_a_worker_process_answers_on_its_port_and_logs_json(stage: Stage, receiver: Receiver) -> None:
    facts = database.settings_dict
    who = f"{facts['USER']}:{facts['PASSWORD'] or ''}@{facts['HOST']}:{facts['PORT']}"
    port = free_port(range(35_000, 35_500))
    environment = {
        **os.environ,
        "AIRSTAIR_DATABASE_URL": f"postgresql://{who}/{facts['NAME']}",
        "AIRSTAIR_SECRET_KEY": django_settings.SECRET_KEY,
        "AIRSTAIR_ALLOW_PRIVATE_ADDRESSES": "1",
        "AIRSTAIR_LOG": "DEBUG",
        "DJANGO_SETTINGS_MODULE": "airstair.settings",
    }
    own_addon()
    await stage.aircraft("N1AA")
    connection = await stage.connect(receiver)
    script = WORKER.format(folder=str(Path(__file__).parents[1] / "hub"), port=port)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, env=environment, stdout=PIPE, stderr=PIPE
    )
    try:
        assert process.stdout is not None and process.stderr is not None
        errors = asyncio.create_task(process.stderr.read())
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"ready\n"
        await stage.until(lambda: receiver.held)
        address = f"http://127.0.0.1:{port}"
        assert await asyncio.to_thread(fetched, f"{address}/healthz/ready") == (200, "Ready.\n")
        status, text = await asyncio.to_thread(fetched, f"{address}/metrics")
        assert status == 200 and 'airstair_connections_held{partner="own"} 1.0' in text
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
        lines = [json.loads(line) for line in (await errors).decode().splitlines()]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    (call,) = [line for line in lines if line["event"].startswith("Called own: accepted")]
    assert (call["connection"], call["level"]) == (connection, "debug")
    assert any(line["event"].startswith("Took connections on: 1 of 1") for line in lines)
