"""Connect's world and a schedule system, wired together, with one clock for both."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from connect.flights.models import Flight
from connect.orders.models import Order
from connect.sealing import seal
from connect.sync.connecting import keep_tokens
from connect.sync.models import Connection
from connect.sync.process import Server
from connect.wire.oauth import Tokens

from .fake import Fake
from .places import NOW
from .world import World, heard_of_them, make_world

NID = 70


class Both:
    """Connect's world and its schedule system, wired together; `now` is the clock of both."""

    def __init__(self) -> None:
        self.world: World = make_world()
        self.fake = Fake()
        self.now = NOW
        connection = Connection(operator=self.world.operator, base_url="https://there.example", client_id="connect")
        connection.client_secret, connection.enabled = seal("secret"), True
        keep_tokens(connection, Tokens(self.fake.access, self.fake.refresh, NOW + timedelta(minutes=30)))
        self.connection = connection
        self.server = self.another()

    def clock(self) -> datetime:
        return self.now

    def another(self) -> Server:
        """As after a restart."""
        return Server(self.connection.id, self.clock, self.fake.transport())

    def round(self) -> None:
        self.server.poll()
        self.server.tell()

    def submitted(self) -> None:
        self.fake.put(heard_of_them(NID))
        self.round()

    def again(self, **changes: object) -> None:
        """Submitted once more, with these changes, and heard."""
        one = self.fake.flights[NID]
        self.fake.put(replace(one, submission=one.submission + 1, **changes))
        self.round()

    def order(self, side: str = "ADEP") -> Order:
        return Order.objects.filter(flight__nid=NID, side=side).latest("id")

    def flight(self) -> Flight:
        return Flight.objects.filter(nid=NID).latest("generation")

    def failure(self) -> Connection:
        return Connection.objects.get(id=self.connection.id)
