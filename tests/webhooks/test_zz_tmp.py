import asyncio, time, resource
from datetime import timedelta
from airstair.hub.webhooks.engine import reading, taking
from airstair.hub.webhooks.engine.postman import Postman
from airstair.hub.engine.dispatcher import database_address
from airstair.kernel.clock import SystemClock
from .conftest import Desk, Receiver, NOON

def cpu():
    r = resource.getrusage(resource.RUSAGE_SELF); return r.ru_utime + r.ru_stime

async def test_measure(desk: Desk, receiver: Receiver):
    desk.clock = SystemClock()
    looks = 0
    real = Postman._look
    async def look(self):
        nonlocal looks
        looks += 1
        return await real(self)
    Postman._look = look
    try:
        p = Postman(database_address(), clock=SystemClock())
        task = asyncio.create_task(p.run())
        await p._ready.wait()
        for label in ("none", "one"):
            if label == "one":
                made = await desk.subscribe(receiver, "flight")
                await asyncio.sleep(1)
            looks = 0; c = cpu(); t = time.monotonic()
            await asyncio.sleep(15)
            print(label, "idle: looks", looks, "cpu share %.3f%%" % (100 * (cpu() - c) / (time.monotonic() - t)))
            # storm
            looks = 0; c = cpu(); t = time.monotonic()
            import psycopg
            conn = await psycopg.AsyncConnection.connect(database_address(), autocommit=True)
            while time.monotonic() - t < 3:
                await conn.execute("SELECT pg_notify('airstair_change','')")
                await asyncio.sleep(0.001)
            await conn.close()
            print(label, "storm: looks", looks, "cpu share %.1f%%" % (100 * (cpu() - c) / (time.monotonic() - t)))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for n in (2000, 10000):
            await desk.sql("DELETE FROM webhook_delivery")
            await desk.sql("""INSERT INTO webhook_delivery (operator_id,id,subscription_id,seq,line,event,title,at,units,needs,heard,body,state,tries,refusals,next_at,said)
               SELECT %s, 9000000000+g, %s, g, 'flight:'||(g%%%s), 'flight.changed','x', now(), '{aircraft:1}','{Flights}','{flight}','x','waiting',0,0,now(),'' FROM generate_series(1,%s) g""", desk.operator.id, made.facts.id, n // 2, n)
            t = time.monotonic(); d = await desk.do(taking.due, SystemClock().now()); print(n, "due", time.monotonic() - t)
            for _ in range(3):
                t = time.monotonic(); calls = await desk.do(taking.take, desk.operator.id, made.facts.id, 0, SystemClock().now()); print(n, "take", len(calls), time.monotonic() - t)
            rows = await desk.sql("EXPLAIN ANALYZE " + taking._TAKE.replace("%(now)s","now()").replace("%(operator)s",str(desk.operator.id)).replace("%(subscription)s",str(made.facts.id)).replace("%(limit)s","1"))
            print("\n".join(r[0] for r in rows))
    finally:
        Postman._look = real
