"""The engine's SQL, one text for each thing that it asks or writes. Nothing here runs by itself."""

from __future__ import annotations

WORKERS = """
SELECT objid::bigint FROM pg_locks
 WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid::bigint = %s
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
SWITCHED_ON = 'SELECT id FROM hub_connection WHERE "on" AND addon = ANY(%s)'
LEASE = "SELECT id FROM unnest(%s::bigint[]) AS wanted(id) WHERE pg_try_advisory_lock(%s | (id & 4294967295))"
RELEASE = "SELECT pg_advisory_unlock(%s | (id & 4294967295)) FROM unnest(%s::bigint[]) AS held(id)"

# `saved_at` tells when the connection was given back in good order; while it is held it stands at the epoch.
TAKE_CURSOR = """
WITH was AS (SELECT * FROM hub_cursor WHERE (operator_id, connection_id) = (%s, %s) FOR UPDATE)
UPDATE hub_cursor now SET saved_at = 'epoch'
  FROM was WHERE (now.operator_id, now.connection_id) = (was.operator_id, was.connection_id)
RETURNING was.snapshot, was.compared_at, was.paused_until, was.failures, was.saved_at > 'epoch'
"""
DOUBT = """
UPDATE hub_ledger SET fingerprint = NULL
 WHERE (operator_id, connection_id) = (%s, %s) AND (unit = ANY(%s) OR %s) AND fingerprint IS NOT NULL
   AND flow <> ALL(%s)
"""
LEDGER = """
SELECT unit, fingerprint, remote_id, last_attempt, asked_at, tries FROM hub_ledger
 WHERE (operator_id, connection_id, flow) = (%s, %s, %s)
"""
UNDELIVERED = """
SELECT unit FROM hub_ledger
 WHERE (operator_id, connection_id, flow) = (%s, %s, %s) AND (tries > 0 OR asked_at IS NOT NULL)
"""
HELD = """
SELECT unit FROM hub_ledger
 WHERE (operator_id, connection_id, flow) = (%s, %s, %s) AND unit = ANY(%s) AND fingerprint IS DISTINCT FROM ''
"""
HELD_AT_ALL = """
SELECT unit FROM hub_ledger
 WHERE (operator_id, connection_id, flow) = (%s, %s, %s) AND fingerprint IS DISTINCT FROM ''
"""
KNOWN = """
SELECT l.operator_id, l.connection_id, l.flow, l.unit, fingerprint, remote_id, last_attempt, asked_at, tries
  FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS w(o, c, f, u)
  JOIN hub_ledger l ON (l.operator_id, l.connection_id, l.flow, l.unit) = (w.o, w.c, w.f, w.u)
"""

# The floor is the aircraft's, whichever connection it was sent through: so the latest calls of the operator's other
# connections to this partner count, those under way included.
CLAIM = """
WITH wanted AS (
     SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::interval[],
                          %s::timestamptz[]) AS wanted(o, c, f, u, t, floor, at)),
recent AS (
     SELECT w.o, w.c, w.f, w.u,
            max(GREATEST(l.last_attempt, CASE WHEN l.connection_id <> w.c THEN l.sending_since END)) AS at
       FROM wanted w
       JOIN hub_connection me ON (me.operator_id, me.id) = (w.o, w.c)
       JOIN hub_connection c ON (c.operator_id, c.addon) = (me.operator_id, me.addon)
       JOIN hub_ledger l ON (l.operator_id, l.connection_id, l.flow, l.unit) = (c.operator_id, c.id, w.f, w.u)
      GROUP BY w.o, w.c, w.f, w.u),
claimed AS (
     INSERT INTO hub_ledger (operator_id, connection_id, flow, unit, title, remote_id, sending_since, outcome, messages,
                             warnings, sent, tries)
     SELECT w.o, w.c, w.f, w.u, w.t, '', w.at, '', '[]', '[]', 0, 0
       FROM wanted w
       JOIN hub_connection me ON (me.operator_id, me.id) = (w.o, w.c) AND me."on"
       LEFT JOIN recent ON (recent.o, recent.c, recent.f, recent.u) = (w.o, w.c, w.f, w.u)
      WHERE recent.at IS NULL OR recent.at <= w.at - w.floor
      ORDER BY w.o, w.c, w.f, w.u
         ON CONFLICT (operator_id, connection_id, flow, unit) DO UPDATE SET sending_since = EXCLUDED.sending_since
     RETURNING operator_id, connection_id, flow, unit)
SELECT w.o, w.c, w.f, w.u, claimed.unit IS NOT NULL, recent.at
  FROM wanted w
  LEFT JOIN recent ON (recent.o, recent.c, recent.f, recent.u) = (w.o, w.c, w.f, w.u)
  LEFT JOIN claimed
         ON (claimed.operator_id, claimed.connection_id, claimed.flow, claimed.unit) = (w.o, w.c, w.f, w.u)
"""
UNCLAIM = """
UPDATE hub_ledger SET sending_since = NULL
 WHERE (operator_id, connection_id, flow) = (%s, %s, %s) AND unit = ANY(%s)
"""
LOST = """
UPDATE hub_ledger
   SET sending_since = NULL, last_attempt = %(now)s, outcome = 'unknown', fingerprint = NULL, asked_at = NULL,
       tries = tries + 1, http_status = NULL, next_due = NULL,
       messages = '[{"level": "error", "text": "Airstair was stopped while this call was under way; whether the partner'
                  ' processed it is not known."}]'
 WHERE (operator_id, connection_id) = (%(operator)s, %(connection)s) AND sending_since IS NOT NULL
"""

# Locked against removal until the results are in: a connection may be removed while its last call is under way.
STILL_THERE = """
SELECT operator_id, id FROM hub_connection
 WHERE (operator_id, id) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[])) FOR KEY SHARE
"""
NEXT_IDS = "SELECT nextval('airstair_id') FROM generate_series(1, %s)"
# Not COPY: it does not work where row-level security does.
SAVE_CALLS = """
INSERT INTO hub_call (operator_id, id, connection_id, addon, flow, units, title, at, duration_ms, method, url,
                      http_status, outcome, sent, messages, request_headers, request_digest, response_headers,
                      response_body, failure)
SELECT o, i, c, a, f, u::text[], t, at, d, m, url, hs, oc, s, me::jsonb, rh::jsonb, rd, ah::jsonb, ab, fa
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
              %s::timestamptz[], %s::float8[], %s::text[], %s::text[], %s::int[], %s::text[], %s::int[], %s::text[],
              %s::text[], %s::bytea[], %s::text[], %s::bytea[], %s::text[])
       AS new(o, i, c, a, f, u, t, at, d, m, url, hs, oc, s, me, rh, rd, ah, ab, fa)
"""
# Row by row in one go: as an array, bodies are copied and escaped several times over.
SAVE_BODY = """
INSERT INTO hub_call_body (operator_id, digest, body, parts, part_titles) VALUES (%s, %s, %s, %s::text[], %s::text[])
ON CONFLICT DO NOTHING
"""

# A fingerprint is kept when the partner refused: it still holds what it last accepted. After a lost answer, or one that
# need not have come from where documents are kept (judging.DOUBTFUL), that is not known any more, so the next document
# is sent whatever it is. What a person asked for while the call was under way already is still to be done.
# An empty fingerprint says that the partner certainly holds nothing, and what it would call it.
SAVE_RESULTS = """
INSERT INTO hub_ledger AS was (operator_id, connection_id, flow, unit, title, fingerprint, remote_id, last_attempt,
       last_success, last_change, next_due, outcome, http_status, messages, warnings, sent, tries, call_id)
SELECT o, c, f, u, t, fp, rid, la, ls, lc, nd, oc, hs, m::jsonb, w::jsonb, s, tr, ci
  FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bytea[], %s::text[],
              %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::int[],
              %s::text[], %s::text[], %s::int[], %s::int[], %s::bigint[])
       AS new(o, c, f, u, t, fp, rid, la, ls, lc, nd, oc, hs, m, w, s, tr, ci)
 ORDER BY o, c, f, u
ON CONFLICT (operator_id, connection_id, flow, unit) DO UPDATE SET
       title = EXCLUDED.title,
       fingerprint = CASE WHEN EXCLUDED.fingerprint = '' THEN ''
                          WHEN EXCLUDED.outcome IN ('unknown', 'unavailable', 'unreadable') THEN NULL
                          ELSE COALESCE(EXCLUDED.fingerprint, was.fingerprint) END,
       remote_id = CASE WHEN EXCLUDED.remote_id = '' AND EXCLUDED.fingerprint IS DISTINCT FROM '' THEN was.remote_id
                        ELSE EXCLUDED.remote_id END,
       last_attempt = EXCLUDED.last_attempt,
       last_success = COALESCE(EXCLUDED.last_success, was.last_success),
       last_change = COALESCE(EXCLUDED.last_change, was.last_change),
       next_due = EXCLUDED.next_due,
       asked_at = CASE WHEN was.asked_at > was.sending_since THEN was.asked_at END,
       sending_since = NULL,
       outcome = EXCLUDED.outcome,
       http_status = EXCLUDED.http_status,
       messages = EXCLUDED.messages,
       warnings = EXCLUDED.warnings,
       sent = EXCLUDED.sent,
       tries = EXCLUDED.tries,
       call_id = COALESCE(EXCLUDED.call_id, was.call_id)
"""
# Where a person may have to be asked first. What is about to be sent may be there from then on, whatever dies.
ASKED_OF = """
SELECT unit, bodies, question, approved FROM hub_ledger
 WHERE (operator_id, connection_id, flow) = (%s, %s, %s) AND unit = ANY(%s)
"""
ABOUT_TO_SEND = """
UPDATE hub_ledger SET bodies = COALESCE(bodies, '{}') || %s::bytea
 WHERE (operator_id, connection_id, flow, unit) = (%s, %s, %s, %s)
"""
NOT_SENT = """
UPDATE hub_ledger SET bodies = trim_array(bodies, 1)
 WHERE (operator_id, connection_id, flow) = (%s, %s, %s) AND unit = ANY(%s) AND cardinality(bodies) > 0
"""
SAVE_ASKING = """
UPDATE hub_ledger
   SET question = %(question)s, approved = CASE WHEN NOT %(answered)s THEN approved END,
       bodies = CASE WHEN %(bodies)s::bytea[] IS NOT NULL THEN %(bodies)s::bytea[]
                     WHEN %(ended)s AND cardinality(bodies) > 0 THEN trim_array(bodies, 1) ELSE bodies END
 WHERE (operator_id, connection_id, flow, unit) = (%(operator)s, %(connection)s, %(flow)s, %(unit)s)
"""

SAVE_CURSORS = """
INSERT INTO hub_cursor (operator_id, connection_id, snapshot, saved_at, compared_at, paused_until, failures)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
                     %s::int[])
ON CONFLICT (operator_id, connection_id) DO UPDATE SET
       snapshot = EXCLUDED.snapshot, saved_at = EXCLUDED.saved_at, compared_at = EXCLUDED.compared_at,
       paused_until = EXCLUDED.paused_until, failures = EXCLUDED.failures
"""

# Only while it is being sent: what a person decided, or a successor found after a crash, stands.
SAVE_MESSAGES = """
UPDATE hub_message m
   SET state = n.s, ended_at = n.at, outcome = n.oc, http_status = n.hs, messages = n.m::jsonb,
       may_be_there = m.may_be_there OR n.s IN ('delivered', 'doubtful'), call_id = COALESCE(n.ci, m.call_id),
       remote_id = CASE WHEN n.rid = '' THEN m.remote_id ELSE n.rid END
  FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[], %s::text[], %s::int[], %s::text[], %s::text[],
              %s::bigint[]) AS n(o, id, s, at, oc, hs, m, rid, ci)
 WHERE (m.operator_id, m.id) = (n.o, n.id) AND m.state = 'sending'
"""
