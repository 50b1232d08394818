"""Snapshot cursors: how a reader of the change log misses nothing under concurrent writers.

A cursor is a saved `pg_snapshot`. A change is new when it is visible now and was not visible in the
saved snapshot. Sequence numbers or times as cursors lose changes, because commits do not happen in
their order; waiting for the oldest open transaction would hold everybody behind one slow writer.
"""

from __future__ import annotations

# To be read with: `NOW`, the first of a statement's WITH, and `NEW`, its FROM of the rows that are new, called `one`.
# The snapshot of this instant, and the transactions that may be seen in it, as ranges between those that are under way.
# What is being written cannot be seen yet, but an index is searched row by row: an import's changes are passed over as
# one, not as fifty thousand, by everybody who reads meanwhile.
NOW = """
     this AS MATERIALIZED (SELECT pg_current_snapshot() AS snapshot),
     seen AS MATERIALIZED (
          SELECT coalesce(lag(x) OVER (ORDER BY x), '0') AS above, x AS below
            FROM (SELECT pg_snapshot_xip(snapshot) AS x FROM this
                   UNION ALL SELECT pg_snapshot_xmax(snapshot) FROM this) AS edges)
"""
# OFFSET keeps the ranges in the index's own condition: as a join they would be asked of each row once it is read.
NEW = """
      FROM seen CROSS JOIN LATERAL (
           SELECT * FROM changes_change
            WHERE xid > seen.above AND xid < seen.below AND xid >= pg_snapshot_xmin(%(cursor)s::pg_snapshot)
              AND NOT pg_visible_in_snapshot(xid, %(cursor)s::pg_snapshot) OFFSET 0) AS one
"""

# One statement, so that the rows and the snapshot handed back are of the same instant. A row of nulls
# stands for "nothing new". Parameters: cursor (text).
READ_NEW = f"""
WITH {NOW}
SELECT this.snapshot::text, new.operator_id, new.seq, new.at, new.kind, new.units, new.bulk
  FROM this
  LEFT JOIN LATERAL (
      SELECT operator_id, seq, at, kind, units, bulk {NEW}
  ) new ON true
 ORDER BY new.seq
"""  # noqa: S608 - texts of this module

# The same for a reader that serves everybody in one turn, and may be held up by nobody's import: where bulk changes
# are many they are left out, and told of by operator, first and last `seq` instead. What is about connections and
# fleets is read all the same. Parameters: cursor, most (how many bulk changes are read along).
READ_NEW_BUT_MANY = f"""
WITH {NOW},
     many AS (SELECT count(*) > %(most)s AS so FROM (SELECT {NEW} WHERE bulk LIMIT %(most)s + 1) AS found)
SELECT this.snapshot::text, new.operator_id, new.seq, new.at, new.kind, new.units, new.bulk,
       CASE WHEN (SELECT so FROM many)
            THEN (SELECT json_agg(json_build_array(operator_id, first, last))
                    FROM (SELECT operator_id, min(seq) AS first, max(seq) AS last {NEW} WHERE bulk
                           GROUP BY operator_id) AS left_out) END
  FROM this
  LEFT JOIN LATERAL (
      SELECT operator_id, seq, at, kind, units, bulk {NEW}
       WHERE NOT bulk OR NOT (SELECT so FROM many) OR kind LIKE 'connection.%%' OR kind LIKE 'aircraft.%%'
  ) new ON true
 ORDER BY new.seq
"""  # noqa: S608 - texts of this module

# What was left out so, a portion at a time: each unit of these kinds once, with when it was first named.
READ_LEFT_OUT = """
SELECT unit, min(at)
  FROM changes_change, unnest(units) AS unit
 WHERE operator_id = %(operator)s AND seq BETWEEN %(first)s AND %(last)s AND bulk
   AND NOT pg_visible_in_snapshot(xid, %(since)s::pg_snapshot) AND pg_visible_in_snapshot(xid, %(until)s::pg_snapshot)
   AND split_part(unit, ':', 1) = ANY(%(kinds)s)
 GROUP BY unit
"""

READ_NEW_OF_OPERATOR = READ_NEW.replace("WHERE xid", "WHERE operator_id = %(operator)s AND xid")

CURRENT = "SELECT pg_current_snapshot()::text"
# To hear from here on, from inside a transaction that writes: its own changes come after, whoever has committed
# meanwhile. PostgreSQL's own snapshot leaves the asking transaction out of those under way, and so takes it for done
# as soon as a later one is.
BEFORE_MINE = """
WITH now AS (SELECT pg_current_snapshot() AS s, pg_current_xact_id() AS me)
SELECT CASE WHEN pg_visible_in_snapshot(me, s)
            THEN least(pg_snapshot_xmin(s), me) || ':' || pg_snapshot_xmax(s) || ':'
                 || (SELECT string_agg(x::text, ',' ORDER BY x) FROM (SELECT me AS x UNION SELECT pg_snapshot_xip(s)) u)
            ELSE s::text END
  FROM now
"""

# For a reader that keeps its cursor outside of this database: to be run in autocommit after a reading, before the new
# cursor is relied on. A crash of the database may forget transactions that were rolled back a moment before, and then
# give their numbers away again: the cursor would take what is written under them for seen. This one is on disk, and
# so are the numbers of all before it. A cursor that is saved in this database is sealed by that very saving.
SEAL = "SELECT pg_logical_emit_message(true, 'airstair.cursor', '')"

# The channel on which every commit that wrote a change wakes its readers. No payload: equal notifications
# of one transaction become one, and readers look at the log anyway.
CHANNEL = "airstair_change"
