"""The description of the Eurocontrol add-on: its one flow, and what is known of the Network Manager as facts."""

from __future__ import annotations

from datetime import timedelta

from airstair.addons.eurocontrol import client, mapping
from airstair.addons.eurocontrol.settings import (
    SANDBOX_KEY_ID,
    SANDBOX_KEY_SECRET,
    SANDBOX_OPERATOR,
    EurocontrolSettings,
    problems,
)
from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed, documented, observed
from airstair.hub.flows import Backoff, Budget, Every, Pull
from airstair.hub.setting import account_of, in_sandbox
from airstair.records.operators.rules import Right

_SCHEMAS = "NM B2B schemas, release 23, against which recorded answers of release 27 validate"
_CLIENTS = "Public clients that run against the Network Manager"
_OURS = "Our choice; nothing public says"


FACTS = (
    *documented(
        _SCHEMAS,
        "SOAP 1.1, document/literal; only the root of a request is qualified, and its children have an order.",
        "All times are UTC, to the minute; durations are HHMM.",
        "The status in the answer's body says how a request went; words of validation come with it.",
        "Flights are asked for by the operator's ICAO code and a window of time.",
        "A flight is known by call sign, ADEP, ADES and EOBT; a plan filed anew has a new IFPL id.",
        "A calculated take-off time counts once slotIssued is true.",
        "The regulation that costs most comes with its IATA delay code.",
        "A new subscription is paused, and ends with the release that made it.",
    ),
    *observed(
        _CLIENTS,
        "A TLS client certificate opens the services; behind the API gateway a key and its secret do.",
        "Release 27 hands a queue's messages out over HTTP too, so that no AMQP is needed.",
    ),
    *assumed(
        _OURS,
        "The names and the namespace of the requests that resume a subscription and read its queue.",
        "Persons on board as filed include the crew.",
        "NOT_AUTHORISED, or an objection to aircraftOperators, means that the operator is not recognised.",
        "No quota is published; 30 calls at once and 600 an hour are not passed.",
    ),
)


def _minutes(settings: EurocontrolSettings) -> int:
    """A queue is read every minute."""
    return 1 if settings.subscribe else settings.interval_minutes


ADDON = Addon(
    key="eurocontrol",
    name="Eurocontrol",
    package=__package__,
    category=Category.FLIGHT_PLANNING,
    purpose="Slots, estimates and actual times of the Network Manager, in flight watch.",
    settings=EurocontrolSettings,
    flows=(
        Pull(
            key="flights",
            title="Flights in the network",
            trigger=Every(_minutes),
            fetch=client.fetch,
            absorb=mapping.absorb,
            item_title=mapping.item_title,
            rights=frozenset({Right.TIMES_EDIT}),
            retry=Backoff(first=timedelta(seconds=30), longest=timedelta(minutes=5)),
            deadline=timedelta(seconds=60),
        ),
    ),
    facts=FACTS,
    budget=Budget(calls=600, per=timedelta(hours=1), burst=30),
    check=client.check,
    problems=problems,
    for_sandbox=in_sandbox(
        "eurocontrol/B2B_OPS/gateway/spec",
        api_key_id=SANDBOX_KEY_ID,
        api_key_secret=SANDBOX_KEY_SECRET,
        operator_icao=SANDBOX_OPERATOR,
    ),
    account=lambda settings: account_of(settings.base_url, settings.certificate or settings.api_key_id),
)
