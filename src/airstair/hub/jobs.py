"""What runs on the clock apart from deliveries: the watchman, mail, housekeeping.

Behind a narrow port, on procrastinate: an existing distributed engine on the same PostgreSQL, so that on
many machines each job still runs once. Each task is safe to run twice.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from django.db import connection
from procrastinate import JobContext
from procrastinate.contrib.django import app

from airstair.hub import calls, pulls, watchman
from airstair.hub.doors.once import forget_old_replies
from airstair.hub.staging.commands import forget_old_stages
from airstair.hub.webhooks.engine.taking import forget_old as forget_old_deliveries
from airstair.hub.webhooks.rules import KEEP_ENDED
from airstair.kernel.about import also_about
from airstair.records.access.commands.letters import mail_letters, warn_of_silence
from airstair.records.access.commands.tokens import forget_old_tokens
from airstair.records.checklist.mailing import send_waiting

log = logging.getLogger(__name__)

_KEEP_CALLS = timedelta(days=14)
_STALLED_AFTER_SECONDS = 90
_POLL_SECONDS = 5.0  # jobs announce themselves; this is for those whose announcement was lost


def _and_close(*steps: object) -> None:
    """Run the steps one after the other and give the thread's database connection back."""
    try:
        for step in steps:
            step()  # type: ignore[operator]
    finally:
        connection.close()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="watch", pass_context=False)
async def watch(timestamp: int) -> None:
    """Every minute: open and close notices, mail them, tell recipients; look after connected applications;
    send the handling requests that wait.
    """
    also_about(job="watch")
    now = datetime.now(UTC)
    steps = (lambda: warn_of_silence(now), lambda: mail_letters(now), send_waiting)
    await asyncio.to_thread(_and_close, watchman.watch, watchman.mail_notices, watchman.tell_recipients, *steps)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="forget-old-calls")
async def forget_old_calls(timestamp: int) -> None:
    """Every night: remove calls older than two weeks, but the latest of each unit; and runs older than three months."""
    also_about(job="forget-old-calls")
    now = datetime.now(UTC)
    steps = (
        lambda: calls.forget_old_calls(now - _KEEP_CALLS),
        lambda: pulls.forget_old_runs(now),
        lambda: forget_old_stages(now),
        lambda: forget_old_replies(now),
        lambda: forget_old_tokens(now),
        lambda: forget_old_deliveries(now - KEEP_ENDED),
    )
    await asyncio.to_thread(_and_close, *steps)


@app.periodic(cron="*/2 * * * *")
@app.task(queueing_lock="rescue", pass_context=True)
async def rescue_stalled(context: JobContext, timestamp: int) -> None:
    """Every two minutes: put jobs of dead workers back. procrastinate does not do that by itself."""
    also_about(job="rescue-stalled")
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_AFTER_SECONDS):
        await manager.retry_job(job)
        log.info("Put job %s (%s) of a dead worker back.", job.id, job.task_name)


async def run_jobs(stop: asyncio.Event) -> None:
    """Work on jobs in this process until `stop` is set. Raises when the database is lost."""
    with app.replace_connector(app.connector.get_worker_connector()) as working:  # type: ignore[attr-defined]
        async with working.open_async():
            worker = asyncio.create_task(
                working.run_worker_async(
                    concurrency=2,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    fetch_job_polling_interval=_POLL_SECONDS,
                )
            )
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({worker, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not stop.is_set():
                await worker  # it ended by itself, which it should not: say why
                return
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
