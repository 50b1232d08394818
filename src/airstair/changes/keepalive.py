"""How soon each end of a database connection notices that the other has vanished: a cable cut, not a process ended.

Nothing arrives then, not even an end. Left alone, the server would keep the locks of a vanished machine for hours, and
a worker that was cut off would not know it. So both ends look, and this end first:

- A process that hears nothing from the database for `OWN_SECONDS` loses its connections. A worker breaks off
  everything then, calls under way included.
- The server lets go of what a silent client holds only after `SERVER_SECONDS`. Nobody can take over the leases of a
  worker that was cut off but still reaches partners before that worker has stopped.

The kernels at both ends keep these times, so a process that is merely busy loses nothing.
"""

from __future__ import annotations

from typing import Any

OWN_SECONDS = 4
SERVER_SECONDS = 9

# Words of libpq, for this end of a connection.
OWN_END: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 1,
    "keepalives_interval": 1,
    "keepalives_count": OWN_SECONDS - 1,
    "tcp_user_timeout": OWN_SECONDS * 1000,
}
# For libpq's `options`: settings of the session, for the server's end.
SERVER_END = (
    "-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1"
    f" -c tcp_keepalives_count={SERVER_SECONDS - 3} -c tcp_user_timeout={SERVER_SECONDS * 1000}"
)
