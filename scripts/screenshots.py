"""Makes the pictures in docs/screenshots of the main pages, on a laptop and a phone, in the light and in the dark.

Starts Airstair with the demo operator in a folder of its own, switches Avinode on against the sandbox, and looks.
`--url`, `--user` and `--password` look at a running Airstair instead, as it is; `--sandbox-url` is then its sandbox.
Names of pictures given as arguments limit it to those.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from airstair.running.home import Home
from airstair.running.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "screenshots"
OPERATOR = "DEMO"
USER, PASSWORD = "demo@airstair.example", "first-steps-2013"  # as “airstair up --demo” prints them
COMMAND = str(ROOT / ".venv/bin/airstair")
PORTS = range(32_000, 32_700)
START_SECONDS = 180
LAPTOP, PHONE = (1400, 900), (390, 844)


@dataclass(frozen=True)
class Shot:
    """One picture: the address, how it is looked at, and what is done there first."""

    name: str
    path: str
    size: tuple[int, int] = LAPTOP
    dark: bool = False
    first: Callable[[Page], None] | None = None


def open_empty_leg(page: Page) -> None:
    """The panel of the first empty leg, else of the first flight."""
    empty = page.locator("a.bar.el")
    (empty if empty.count() else page.locator("a.bar.flt")).first.focus()
    page.keyboard.press("Enter")
    page.locator("#drawer h1").wait_for()


def open_editor(page: Page) -> None:
    open_empty_leg(page)
    page.locator("#drawer").get_by_role("link", name="Edit", exact=True).click()
    page.locator("#flight-form").wait_for()


def open_first_call(page: Page) -> None:
    link = page.locator("main a[href]").filter(has_not_text="Add-ons")
    hrefs = [href for one in link.all() if re.fullmatch(r"/addons/calls/\d+", href := one.get_attribute("href") or "")]
    if hrefs:
        page.goto(hrefs[0])


def make_a_key(page: Page) -> None:
    """A key of a fuel supplier, just made."""
    page.get_by_label("Name").fill("Fuel supplier")
    page.get_by_label("Flights").first.check()
    page.get_by_role("button", name="Make the key").click()
    page.locator("#new-key").wait_for()


SHOTS = (
    Shot("sign-in", "/sign-in"),
    Shot("ops-timeline", "/ops/"),
    Shot("ops-timeline-dark", "/ops/", dark=True),
    Shot("ops-timeline-phone", "/ops/?days=2", size=PHONE),
    Shot("ops-timeline-week", "/ops/?days=7"),
    Shot("ops-table", "/ops/?view=table"),
    Shot("ops-table-phone", "/ops/?view=table", size=PHONE, dark=True),
    Shot("flight-panel", "/ops/", first=open_empty_leg),
    Shot("flight-editor", "/ops/", first=open_editor),
    Shot("flight-editor-phone", "/ops/", size=PHONE, first=open_editor),
    Shot("trip-new", "/ops/trips/new"),
    Shot("fleet", "/fleet/"),
    Shot("users", "/settings/users/"),
    Shot("audit-trail", "/settings/audit/"),
    Shot("api-keys", "/settings/keys/", first=make_a_key),
    Shot("status", "/settings/status"),
    Shot("status-phone", "/settings/status", size=PHONE, dark=True),
    Shot("addons", "/addons/"),
    Shot("avinode-about", "/addons/avinode"),
    Shot("avinode-configuration", "/addons/avinode/configuration"),
    Shot("avinode-activity", "/addons/avinode/activity"),
    Shot("avinode-activity-phone", "/addons/avinode/activity", size=PHONE, dark=True),
    Shot("call", "/addons/calls", first=open_first_call),
    Shot("sandbox-inspector", "sandbox:/avinode/"),
)


@contextlib.contextmanager
def demo_operator() -> Iterator[tuple[str, str]]:
    """The addresses of a demo Airstair and of its sandbox, for as long as the pictures take."""
    with tempfile.TemporaryDirectory(prefix="airstair-screenshots-") as folder:
        Path(folder).chmod(0o711)  # as root, the database's account must pass through
        home = Home(Path(folder) / "home", environ={})
        ports = [str(free_port(PORTS)) for _ in range(2)]
        command = [COMMAND, "up", "--home", str(home.path), "--demo"]
        command += ["--web-port", ports[0], "--sandbox-port", ports[1]]
        up = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 (our own command)
        try:
            deadline = time.monotonic() + START_SECONDS
            while (running := home.running()) is None:
                if up.poll() is not None or time.monotonic() > deadline:
                    sys.exit("Airstair did not start. See what “airstair up --demo” says.")
                time.sleep(0.2)
            switch_avinode_on(home.path)
            yield running.addresses["web"], running.addresses["sandbox"]
        finally:
            up.terminate()
            up.wait(60)


def switch_avinode_on(home: Path) -> None:
    """So that the add-on's pages have something to show."""
    settings = ["environment=sandbox", "--all-aircraft", "--on"]
    for words in (["addon", "configure", "avinode", *settings], ["addon", "export", "avinode"]):
        command = [COMMAND, *words, "--operator", OPERATOR]
        done = subprocess.run(  # noqa: S603 (our own command)
            command, env={**os.environ, "AIRSTAIR_HOME": str(home)}, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            sys.stderr.write(f"“airstair {' '.join(words)}” did not work; the add-on's pages will show that.\n")


def look(browser: Browser, address: str, sandbox: str, user: str, password: str, wanted: list[str]) -> int:
    """Make the pictures; returns how many. Stops at the first page that does not answer."""
    made = 0
    for size, dark in dict.fromkeys((shot.size, shot.dark) for shot in SHOTS):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            base_url=address,
            locale="en-GB",
        )
        page = context.new_page()
        for shot in (s for s in SHOTS if (s.size, s.dark) == (size, dark) and (not wanted or s.name in wanted)):
            if shot.name != "sign-in" and "sessionid" not in {cookie["name"] for cookie in context.cookies()}:
                sign_in(page, user, password)
            picture(page, shot, sandbox)
            made += 1
        context.close()
    return made


def sign_in(page: Page, user: str, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[type=password]").wait_for(state="detached")


def picture(page: Page, shot: Shot, sandbox: str) -> None:
    ours = not shot.path.startswith("sandbox:")
    if not ours and not sandbox:
        return  # of a running Airstair whose sandbox was not named
    path = shot.path if ours else sandbox.rstrip("/") + shot.path.removeprefix("sandbox:")
    answer = page.goto(path)
    if answer is None or not answer.ok:
        sys.exit(f"{path} answered {answer.status if answer else 'nothing'}. Correct the list of pictures.")
    if shot.first is not None:
        shot.first(page)
    page.wait_for_timeout(600)  # fonts, the stream's first answer, and whatever fades
    page.screenshot(path=PICTURES / f"{shot.name}.png")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a running Airstair, instead of a demo of its own")
    parser.add_argument("--sandbox-url", default="")
    parser.add_argument("--user", default=os.environ.get("AIRSTAIR_DEMO_EMAIL", USER))
    parser.add_argument("--password", default=os.environ.get("AIRSTAIR_DEMO_PASSWORD", PASSWORD))
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(shot.name for shot in SHOTS))
    options = parser.parse_args()
    if unknown := set(options.names) - {shot.name for shot in SHOTS}:
        parser.error(f"There is no picture {', '.join(sorted(unknown))}.")
    PICTURES.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        given = (options.url, options.sandbox_url)
        address, sandbox = given if options.url else stack.enter_context(demo_operator())
        play = stack.enter_context(sync_playwright())
        # Root's Chromium cannot make its own sandbox; it looks at our own pages only.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        program = os.environ.get("AIRSTAIR_CHROMIUM", "/usr/bin/chromium")
        browser = play.chromium.launch(executable_path=program, args=flags)
        made = look(browser, address, sandbox, options.user, options.password, options.names)
        browser.close()
    sys.stdout.write(f"{made} pictures are in {PICTURES.relative_to(ROOT)}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
