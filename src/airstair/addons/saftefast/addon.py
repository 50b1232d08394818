"""The description of the SAFTE-FAST add-on: one model, run inside, and what is known of it as facts."""

from __future__ import annotations

from airstair.addons.saftefast.mapping import fatigue
from airstair.addons.saftefast.settings import SafteFastSettings
from airstair.hub.computing import Compute
from airstair.hub.contract import Addon, Category
from airstair.hub.flows import Certainty, Fact

_PAPER = "Hursh et al. 2004, Aviation, Space, and Environmental Medicine 75(3 Suppl.): A44–A53"
_OWNER = "SAFTEr, the public R package of the model's owner"
_FAQ = "SAFTE-FAST, frequently asked questions"
_LEON = "Help pages of another vendor that runs SAFTE-FAST inside"
_NOTES = "Public notes on the model's technical report and on railroad work"
_OURS = "Our choice; nothing public says"


def _documented(says: str, source: str) -> Fact:
    return Fact(says, Certainty.DOCUMENTED, source)


def _observed(says: str, source: str) -> Fact:
    return Fact(says, Certainty.OBSERVED, source)


def _assumed(says: str) -> Fact:
    return Fact(says, Certainty.ASSUMED, _OURS)


FACTS = (
    _documented("A full reservoir holds 2,880 units; a minute awake takes half a unit from it.", _PAPER),
    _documented("Sleep fills it by sleep debt and body clock, at most 3.4 units a minute.", _PAPER),
    _documented("The first five minutes of each sleep restore nothing.", _PAPER),
    _documented("The body clock peaks at about 20:00 and is lowest at about 04:00.", _PAPER),
    _documented("Capacity falls with lasting sleep debt and recovers slowly.", _PAPER),
    _documented("After waking, up to 5 per cent are missing, for two hours at most.", _PAPER),
    _documented("The body clock moves a day for each hour westward, a day and a half for each hour eastward.", _PAPER),
    _documented("What is shown is divided by 0.967, so that well-rested evenings pass 100.", _OWNER),
    _documented("Anybody may use and sell what contains the model.", _OWNER),
    _documented("The usual criterion is an effectiveness of 77.", _LEON),
    _documented("The analysis is made per flight, positioning and duty of the period that is shown.", _LEON),
    _documented("Sleep in a rest facility on board restores less, by its class.", _FAQ),
    _observed("Work that ends before noon is followed by sleep at once; later work by sleep at bedtime.", _NOTES),
    _observed("At most eight hours are slept, at least one; no sleep begins between noon and 20:00.", _NOTES),
    _observed("The way to work takes an hour.", _NOTES),
    _observed("The average of three days awake decides where the body clock goes.", _NOTES),
    _assumed("Before a night at work, an afternoon nap of up to two hours is taken."),
    _assumed("Three hours between two flights are no time to sleep."),
    _assumed("A week before the period is enough to know how somebody begins it."),
    _assumed("Sleep at local night counts as dark, any other as daylight."),
    _assumed("Sleep on board is not counted: flights do not say who rests."),
)

ADDON = Addon(
    key="saftefast",
    name="SAFTE-FAST",
    package=__package__,
    category=Category.SAFETY,
    purpose="How tired each crew member will be on each flight and duty, before the roster is published.",
    settings=SafteFastSettings,
    flows=(
        Compute(
            key="fatigue",
            title="Fatigue analysis",
            inputs="A crew member's flights, positionings and duties of the period and of the week before it,"
            " with airports and time zones.",
            provenance="The SAFTE model as published by Hursh et al. 2004, with the revised constants of its owner;"
            " sleep is estimated from work.",
            run=fatigue,
        ),
    ),
    facts=FACTS,
    choose_aircraft=False,
)
