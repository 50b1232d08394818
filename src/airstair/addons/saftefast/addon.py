"""The description of the SAFTE-FAST add-on: one model, run inside, and what is known of it as facts."""

from __future__ import annotations

from airstair.addons.saftefast.mapping import fatigue
from airstair.addons.saftefast.settings import SafteFastSettings
from airstair.hub.computing import Compute
from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed, documented, observed

_PAPER = "Hursh et al. 2004, Aviation, Space, and Environmental Medicine 75(3 Suppl.): A44–A53"
_OWNER = "SAFTEr, the public R package of the model's owner"
_FAQ = "SAFTE-FAST, frequently asked questions"
_LEON = "Help pages of another vendor that runs SAFTE-FAST inside"
_NOTES = "Public notes on the model's technical report and on railroad work"
_OURS = "Our choice; nothing public says"


FACTS = (
    *documented(
        _PAPER,
        "A full reservoir holds 2,880 units; a minute awake takes half a unit from it.",
        "Sleep fills it by sleep debt and body clock, at most 3.4 units a minute.",
        "The first five minutes of each sleep restore nothing.",
        "The body clock peaks at about 20:00 and is lowest at about 04:00.",
        "Capacity falls with lasting sleep debt and recovers slowly.",
        "After waking, up to 5 per cent are missing, for two hours at most.",
        "The body clock moves a day for each hour westward, a day and a half for each hour eastward.",
    ),
    *documented(
        _OWNER,
        "What is shown is divided by 0.967, so that well-rested evenings pass 100.",
        "Anybody may use and sell what contains the model.",
    ),
    *documented(
        _LEON,
        "The usual criterion is an effectiveness of 77.",
        "The analysis is made per flight, positioning and duty of the period that is shown.",
    ),
    *documented(_FAQ, "Sleep in a rest facility on board restores less, by its class."),
    *observed(
        _NOTES,
        "Work that ends before noon is followed by sleep at once; later work by sleep at bedtime.",
        "At most eight hours are slept, at least one; no sleep begins between noon and 20:00.",
        "The way to work takes an hour.",
        "The average of three days awake decides where the body clock goes.",
    ),
    *assumed(
        _OURS,
        "Before a night at work, an afternoon nap of up to two hours is taken.",
        "Three hours between two flights are no time to sleep.",
        "A week before the period is enough to know how somebody begins it.",
        "Sleep at local night counts as dark, any other as daylight.",
        "Sleep on board is not counted: flights do not say who rests.",
    ),
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
