"""The crew timeline, the form of a duty, the roster with its publishing, and the fatigue analysis."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from airstair.hub.connections.commands import ConnectionInput, configure
from airstair.kernel.clock import ManualClock
from airstair.records.crewing import commands as crewing
from airstair.records.crewing import queries
from airstair.records.operators.rules import Role
from airstair.records.people.commands import CrewMemberInput, add_crew_member, retire_crew_member
from airstair.web.crew import roster, timeline_fatigue, timeline_views

MONDAY = datetime(2027, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = "?from=2027-03-01&days=7"


@pytest.fixture(autouse=True)
def _monday(monkeypatch):
    for module in (timeline_views, roster, timeline_fatigue):
        monkeypatch.setattr(module, "CLOCK", ManualClock(MONDAY + 9 * HOUR))


@pytest.fixture
def captain(house):
    given = {"first_name": "Ann", "last_name": "Aviator", "positions": ("CPT",), "home_base": "KEWR"}
    return add_crew_member(house.admin, CrewMemberInput(code="ABC", **given))


def duty(house, captain, **given):
    values = {"kind": "OFFICE", "start": MONDAY + 32 * HOUR, "end": MONDAY + 40 * HOUR, "title": "Manuals"}
    return crewing.add_duty(house.admin, crewing.DutyInput(crew_member_id=captain.id, **{**values, **given}))


def switched_on(house, **values):
    configure(house.admin, "saftefast", ConnectionInput(on=True, values=values))


@pytest.mark.req("CRW-01")
def test_a_lane_for_each_crew_member_with_what_they_do(house, captain, sign_in):
    flight = house.flight(crew={"CPT": "ABC"})
    office = duty(house, captain)
    there = duty(house, captain, kind="POSITIONING", start_airport="KEWR", end_airport="KJAX", title="")
    page = sign_in(Role.CREW_CONTROL).get(f"/crew/timeline{WEEK}").content.decode()
    for key in (f"flight:{flight.id}", f"duty:{office.id}", f"duty:{there.id}"):
        assert f'data-key-of="{key}"' in page
    assert "ABC · EV3810 KEWR–KJAX · 1 Mar 06:00Z–08:30Z · as CPT · N14923 · not published yet" in page
    assert "Positioning · KEWR–KJAX" in page and "Office · Manuals" in page
    assert "▲1" in page, "office and positioning overlap"
    assert "never been published" in page
    other = sign_in(Role.READ_ONLY).get("/crew/timeline?from=2027-03-09&days=2").content.decode()
    assert "data-key-of" not in other and ">ABC<" in other and "+ Duty" not in other


@pytest.mark.req("CRW-01")
def test_the_menu_of_a_crew_code_offers_what_the_person_may_do(house, captain, sign_in):
    items = lambda page: re.findall(r'role="menuitem"[^>]*>([^<]+)', page)  # noqa: E731
    crew_control, reader = sign_in(Role.CREW_CONTROL), sign_in(Role.READ_ONLY)
    assert items(crew_control.get(f"/crew/timeline{WEEK}").content.decode()) == ["Add a duty…", "Show ABC alone"]
    switched_on(house)
    offered = items(crew_control.get(f"/crew/timeline{WEEK}").content.decode())
    assert offered == ["Fatigue analysis ", "Add a duty…", "Show ABC alone"]
    assert items(reader.get(f"/crew/timeline{WEEK}").content.decode()) == ["Fatigue analysis ", "Show ABC alone"]


def test_filters_narrow_whom_one_sees(house, captain, sign_in):
    add_crew_member(house.admin, CrewMemberInput(code="XYZ", first_name="Xan", last_name="Other", positions=("FO",)))
    client = sign_in()
    for query, codes in (
        ("", ["ABC", "XYZ"]), ("&q=ann", ["ABC"]), ("&q=FO", ["XYZ"]), (f"&member={captain.id}", ["ABC"]),
        ("&q=nobody", []), ("&member=x", ["ABC", "XYZ"]),
    ):  # fmt: skip
        page = client.get(f"/crew/timeline{WEEK}{query}").content.decode()
        assert re.findall(r'aria-haspopup="menu"[^>]*><b>(\w+)', page) == codes, query
    retire_crew_member(house.admin, captain.id)
    assert "<b>ABC" not in client.get(f"/crew/timeline{WEEK}").content.decode()


def test_an_owner_sees_nothing_of_the_crew(house, captain, sign_in):
    client = sign_in(Role.AIRCRAFT_OWNER)
    for path in ("timeline", "roster", f"{captain.id}/fatigue", f"duties/{duty(house, captain).id}", "duties/new"):
        assert client.get(f"/crew/{path}").status_code == 403, path


@pytest.mark.parametrize(
    "query", ["?from=x", "?days=5", "?from=9999-12-31", "?member=9" * 9, "?q=%27%22%3E%3Cscript%3E"]
)
def test_a_mangled_address_is_the_usual_page(house, captain, sign_in, query):
    page = sign_in().get(f"/crew/timeline{query}")
    assert page.status_code == 200 and b"<script>" not in page.content.split(b"<main")[1]


def test_text_of_people_is_never_markup(house, captain, sign_in):
    duty(house, captain, title='<i>"&')
    page = sign_in().get(f"/crew/timeline{WEEK}").content.decode()
    assert "<i>&quot;" not in page and "&lt;i&gt;&quot;&amp;" in page


# ── Duties ──────────────────────────────────────────────────────────────────────────────────────────

FORM = {"start_0": "2027-03-02", "start_1": "0800", "end_0": "2027-03-02", "end_1": "1600", "kind": "SIMULATOR"}


def test_a_duty_is_added_changed_and_deleted(house, captain, sign_in):
    client = sign_in(Role.CREW_CONTROL)
    form = client.get("/crew/duties/new?from=2027-03-02").content.decode()
    names = set(re.findall(r'name="([a-z_0-9]+)"', form))
    assert {"crew_member_id", "kind", "start_airport", "end_airport", "title"} <= names
    filled = {**{name: f"{name}" for name in ()}, **_posted(form, FORM), "crew_member_id": captain.id, "title": "Check"}
    answer = client.post("/crew/duties/new", filled)
    assert answer.status_code == 302, re.findall(r'class="error[^<]*<?[^<]*', answer.content.decode())
    (one,) = queries.duties(house.id, MONDAY, MONDAY + timedelta(days=7))
    assert (one.title, one.kind, one.start) == ("Check", "SIMULATOR", MONDAY + 32 * HOUR)
    changed = client.post(f"/crew/duties/{one.id}", {**filled, "title": "Base check"}, headers={"HX-Request": "true"})
    assert changed.status_code == 200 and "airstair:crew" in changed["HX-Trigger"]
    assert queries.duty(house.id, one.id).title == "Base check"
    assert client.post(f"/crew/duties/{one.id}/delete").status_code == 302
    assert queries.duties(house.id, MONDAY, MONDAY + timedelta(days=7)) == []


def _posted(form: str, values: dict[str, str]) -> dict[str, str]:
    """The values under the names that the form's pairs of day and time really have."""
    names = re.findall(r'name="((?:start|end)_(?:date|time|0|1))"', form)
    parts = {"date": "0", "time": "1", "0": "0", "1": "1"}
    found = {name: values[f"{name.rsplit('_', 1)[0]}_{parts[name.rsplit('_', 1)[1]]}"] for name in names}
    return {**found, "kind": values["kind"]}


def test_a_refusal_stands_at_its_field(house, captain, sign_in):
    client = sign_in(Role.CREW_CONTROL)
    form = client.get("/crew/duties/new").content.decode()
    wrong = {**_posted(form, FORM), "kind": "POSITIONING", "crew_member_id": captain.id}
    answer = client.post("/crew/duties/new", wrong)
    assert answer.status_code == 422
    assert "A positioning goes from one airport to another. Fill it in." in answer.content.decode()


def test_who_may_only_look_cannot_change(house, captain, sign_in):
    one = duty(house, captain)
    reader = sign_in(Role.READ_ONLY)
    page = reader.get(f"/crew/duties/{one.id}").content.decode()
    assert "disabled" in page and ">Save<" not in page and ">Delete<" not in page
    for path in ("duties/new", f"duties/{one.id}/delete"):
        assert reader.post(f"/crew/{path}").status_code == 403


# ── Roster ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("CRW-02")
@pytest.mark.parametrize(("by", "effective"), [("day", "9 March 2027"), ("month", "31 March 2027")])
def test_the_roster_is_published_by_day_or_by_month(house, captain, sign_in, by, effective):
    house.flight(crew={"CPT": "ABC"})
    client = sign_in(Role.CREW_CONTROL)
    assert "Never published" in client.get("/crew/roster?month=2027-03").content.decode()
    assert client.post("/crew/roster?month=2027-03", {"up_to": "2027-03-09", "by": by}).status_code == 302
    page = client.get("/crew/roster?month=2027-03").content.decode()
    assert f'<strong id="effective">{effective}</strong>' in page and "KEWR–KJAX" in page
    assert page.count('class="published') == int(effective.split()[0])
    timeline = client.get(f"/crew/timeline{WEEK}").content.decode()
    assert effective in timeline and "· not published yet" not in timeline
    history = sign_in(Role.OPS).get("/crew/roster").content.decode()
    assert "How the effective date moved" in history


@pytest.mark.parametrize("posted", [{"up_to": "x", "by": "day"}, {"up_to": "2047-01-01", "by": "day"}, {"by": "year"}])
def test_a_wrong_day_is_told(house, captain, sign_in, posted):
    answer = sign_in(Role.CREW_CONTROL).post("/crew/roster", posted)
    assert answer.status_code == 422 and queries.roster(house.id).effective_date is None


def test_a_reader_sees_the_roster_and_cannot_publish(house, captain, sign_in):
    reader = sign_in(Role.READ_ONLY)
    assert ">Publish<" not in reader.get("/crew/roster").content.decode()
    assert reader.post("/crew/roster", {"up_to": "2027-03-09", "by": "day"}).status_code in (200, 403)
    assert queries.roster(house.id).effective_date is None


@pytest.mark.parametrize("month", ["", "x", "0001-01", "9999-12", "2027-13", "2027-02"])
def test_any_month_in_the_address(house, captain, sign_in, month):
    assert sign_in().get(f"/crew/roster?month={month}").status_code == 200


# ── Fatigue ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("SFT-01")
def test_the_analysis_has_a_line_for_each_flight_positioning_and_duty_of_the_period(house, captain, sign_in):
    day, night = (house.flight(crew={"CPT": "ABC"}, std=MONDAY + h * HOUR, number=f"EV{h}") for h in (15, 53))
    house.flight(crew={"CPT": "ABC"}, std=MONDAY + timedelta(days=8), number="EV999")
    duty(house, captain)
    client = sign_in(Role.CREW_CONTROL)
    assert client.get(f"/crew/{captain.id}/fatigue{WEEK}").status_code == 404, "not switched on"
    switched_on(house)
    page = client.get(f"/crew/{captain.id}/fatigue{WEEK}").content.decode()
    rows = re.findall(r'<a class="rowlink" href="([^"]+)">([^<]+)</a>', page)
    assert [title for _, title in rows] == [
        day.title.rsplit(" ", 3)[0],
        "Office: Manuals",
        night.title.rsplit(" ", 3)[0],
    ]
    assert rows[0][0] == f"/ops/flights/{day.id}"
    for heading in ("Effectiveness", "Reservoir", "Departure", "Arrival", "Below criterion"):
        assert heading in page
    assert "Below criterion</span>" in page and "Well</span>" in page


@pytest.mark.req("SFT-03")
def test_the_plot_has_sleep_work_and_the_criterion_and_a_table_behind_it(house, captain, sign_in):
    house.flight(crew={"CPT": "ABC"}, std=MONDAY + 53 * HOUR)
    switched_on(house, criterion=82)
    page = sign_in().get(f"/crew/{captain.id}/fatigue{WEEK}").content.decode()
    plot = page[page.index('<svg class="plot"') : page.index("</svg>", page.index('<svg class="plot"'))]
    for part in ('role="img"', "<title", "<desc", 'class="effectiveness"', 'class="reservoir"', 'class="sleep"',
                 'class="criterion"', "Criterion 82", "Sleep 1 Mar"):  # fmt: skip
        assert part in plot, part
    assert "style=" not in plot and "#" not in plot, "colours come from the style sheet, for light and dark"
    behind = page[page.index("The drawing as a table") :]
    assert behind.count("<tr>") > 100 and "asleep" in behind and "at work" in behind


def test_without_work_it_says_that_there_is_nothing(house, captain, sign_in):
    switched_on(house)
    page = sign_in().get(f"/crew/{captain.id}/fatigue{WEEK}").content.decode()
    assert "Nothing to calculate for ABC" in page and '<svg class="plot"' not in page


@pytest.mark.req("SFT-01", "SFT-02")
def test_the_switch_and_its_settings_are_one_operators(house, other_house, captain, sign_in):
    switched_on(other_house)
    assert sign_in().get(f"/crew/{captain.id}/fatigue{WEEK}").status_code == 404
    switched_on(house)
    theirs = add_crew_member(other_house.admin, CrewMemberInput(code="QQQ", first_name="Q", last_name="Q"))
    assert sign_in().get(f"/crew/{theirs.id}/fatigue{WEEK}").status_code == 404


@pytest.mark.parametrize("days", [1, 3, 14, 31])
def test_any_span_that_can_be_chosen_can_be_analysed(house, captain, sign_in, days):
    house.flight(crew={"CPT": "ABC"}, std=MONDAY + 23 * HOUR)
    switched_on(house)
    answer = sign_in().get(f"/crew/{captain.id}/fatigue?from=2027-03-01&days={days}", headers={"HX-Request": "true"})
    assert answer.status_code == 200 and b"<html" not in answer.content and b'<svg class="plot"' in answer.content


def test_the_about_page_and_the_card_say_that_nothing_leaves(house, sign_in):
    switched_on(house)
    client = sign_in()
    assert "Nothing: it runs inside" in client.get("/addons/saftefast").content.decode()
    cards = client.get("/addons/").content.decode()
    assert "It runs inside Airstair whenever somebody asks." in cards
    for page in ("configuration", "activity"):
        assert client.get(f"/addons/saftefast/{page}").status_code == 200


def test_the_history_of_a_duty_names_its_crew_by_code(house, captain, sign_in):
    given = {"first_name": "Bo", "last_name": "Bright", "positions": ("CPT",), "home_base": "KEWR"}
    other = add_crew_member(house.admin, CrewMemberInput(code="XYZ", **given))
    made = duty(house, captain)
    crewing.change_duty(house.admin, made.id, crewing.DutyEdit(crew_member_id=other.id))
    for address in (f"/crew/duties/{made.id}", "/settings/audit/"):
        page = re.sub(r'(<option[^>]*>[^<]*)|="[^"]*"', "", sign_in().get(address).content.decode())
        assert re.search(r"ABC.{0,80}XYZ", page, re.DOTALL), address
        assert not re.search(rf"\b{captain.id}\b", page), "not by a number that nobody knows"
