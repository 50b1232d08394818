"""The peer with Celery: one task for each change and connection, in one worker process with threads.

The settings are those that Celery's documentation recommends for many short tasks that must not be lost: acknowledged
late, many fetched ahead, no results kept, no events.
"""

from __future__ import annotations

import os

import urllib3
from celery import Celery
from celery.signals import worker_ready

from benchmarks.peers.work import HEADERS, LINE, Delivery, line, make_django_ready, prepare

BROKER = "BENCH_BROKER"
VISIBILITY = "BENCH_VISIBILITY"  # seconds after which a task that was fetched and not acknowledged is given out again
THREADS = 40

app = Celery("peers", broker=os.environ[BROKER])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=64,
    worker_redirect_stdouts=False,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
)
if os.environ.get(VISIBILITY):
    app.conf.broker_transport_options = {"visibility_timeout": int(os.environ[VISIBILITY])}

_http = urllib3.PoolManager(num_pools=4, maxsize=THREADS, block=False)


@app.task(name="deliver")
def deliver(operator_id: int, connection: int, aircraft: int, number: int) -> None:
    from django.db import connection as database

    delivery = Delivery(operator_id, connection, aircraft, number)
    ready = prepare(delivery)
    answer = _http.request("PUT", delivery.url, body=ready.body, headers=HEADERS)
    try:
        with database.cursor() as cursor:
            cursor.execute(LINE, line(delivery, ready, answer.status))
    finally:
        database.close()


@worker_ready.connect
def _say_so(**_: object) -> None:
    print("peer is ready", flush=True)


def main() -> None:
    make_django_ready(THREADS)
    words = ["worker", "--pool", "threads", "--concurrency", str(THREADS), "--loglevel", "WARNING"]
    app.worker_main([*words, "--without-gossip", "--without-mingle", "--without-heartbeat"])


if __name__ == "__main__":
    # Under its own name, so that there is one application, not two.
    from benchmarks.peers import celery_app

    celery_app.main()
