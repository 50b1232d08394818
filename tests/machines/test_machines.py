"""Workers on several hosts and one PostgreSQL: shared work, one budget, one order, and hosts that vanish."""

from __future__ import annotations

import time

import pytest

from airstair.changes.keepalive import OWN_SECONDS, SERVER_SECONDS

from .partner import BUDGET
from .site import AIRCRAFT, COUNTED, Site


@pytest.mark.req("HUB-21", "HUB-25")
def test_hosts_share_the_work_and_keep_one_budget(site: Site) -> None:
    site.workers("a", "b", "c")
    first = site.edit()
    site.until_delivered(first)
    assert {got.host for got in site.partners.calls if got.partner == "plain"} == {"a", "b", "c"}
    began = time.monotonic()
    while time.monotonic() - began < 1.5 * BUDGET.per.total_seconds():
        last = site.edit(*range(COUNTED))
    site.until_delivered(last, partner="counted")
    calls = [got for got in site.partners.calls if got.partner == "counted"]
    assert len({got.host for got in calls}) > 1, "one budget was not tried by several hosts"
    for got in calls:
        window = [other for other in calls if 0 <= other.at - got.at < BUDGET.per.total_seconds() - 0.1]
        assert len(window) <= BUDGET.calls, "more calls than the account may make in any such time"
    assert site.partners.out_of_order() == []


@pytest.mark.req("HUB-20", "HUB-28")
def test_a_killed_workers_connections_go_on_from_other_hosts_within_five_seconds(site: Site) -> None:
    workers = site.workers("a", "b")
    for _ in range(10):
        site.edit()
    workers["a"].kill()
    number = site.edit()  # behind the kill: nobody else than the other host can bring it
    assert site.until_delivered(number) < 5
    back = site.run("a", ["-m", "tests.machines.processes", "worker"])
    while set(site.shares()) != {"a", "b"}:  # connections go over to it while they are at work
        number = site.edit()
    assert back.line() == "ready"
    site.until_delivered(number)
    assert site.partners.out_of_order() == []


@pytest.mark.req("HUB-20", "HUB-28")
def test_a_host_cut_off_from_the_database_stops_before_others_go_on(site: Site) -> None:
    if site.network.reason:
        pytest.skip(f"No cable can be cut: {site.network.reason}")
    site.workers("a", "b")
    site.until_delivered(site.edit())
    site.partners.held_host = "a"  # it has calls under way when it is cut off, and they are not answered
    site.edit()
    site.until(lambda: [got.host for got in site.partners.calls[-AIRCRAFT:]].count("a") > 0, 5, "It makes no call.")
    site.network.cut("a")
    cut = time.monotonic()
    while time.monotonic() - cut < 2:  # while it does not know yet
        number = site.edit()
    free = cut + 2 + site.until_held("b", seconds=15)
    site.until_delivered(number, seconds=5)
    assert site.partners.broken_off, "calls under way went on"
    broken_off = max(site.partners.broken_off)
    assert broken_off < cut + OWN_SECONDS + 2, "calls under way were broken off too late"
    assert free - broken_off > (SERVER_SECONDS - OWN_SECONDS) / 2, (
        "the server let go before the worker had surely stopped"
    )
    latest = max((got.at for got in site.partners.calls if got.host == "a"), default=cut)
    assert latest < cut + OWN_SECONDS + 1, "a worker without the database went on calling partners"
    site.partners.held_host = ""
    site.network.mend("a")
    site.until_held("a", "b", seconds=20)
    site.until_delivered(site.edit())
    assert {got.host for got in site.partners.calls[-AIRCRAFT:]} == {"a", "b"}
    assert site.partners.out_of_order() == []
    print(f"Cut off: calls broken off after {broken_off - cut:.1f} s, taken over after {free - cut:.1f} s.")
