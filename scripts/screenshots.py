"""Makes the pictures in docs/screenshots: starts Airstair with the demo operator in a folder of its own, and looks.

`--email` and `--password` are the demo's sign-in; NAME=PATH chooses pages, by default those of PAGES. With
`--address` a running Airstair is used instead.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from airstair.running.home import Home
from airstair.running.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "screenshots"
PORTS = range(32_000, 32_700)
START_SECONDS = 180
PAGES = {"ops": "/", "addons": "/addons/"}
LOOKS = {"light": (1440, 900, "light"), "dark": (1440, 900, "dark"), "phone": (390, 844, "light")}


@contextlib.contextmanager
def demo_operator() -> Iterator[str]:
    """The address of a demo Airstair, for as long as the pictures take."""
    with tempfile.TemporaryDirectory(prefix="airstair-screenshots-") as folder:
        Path(folder).chmod(0o711)  # as root, the database's account must pass through
        home = Home(Path(folder) / "home", environ={})
        ports = [str(free_port(PORTS)) for _ in range(2)]
        command = [str(ROOT / ".venv/bin/airstair"), "up", "--home", str(home.path), "--demo"]
        command += ["--web-port", ports[0], "--sandbox-port", ports[1]]
        up = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 (our own command)
        try:
            deadline = time.monotonic() + START_SECONDS
            while (running := home.running()) is None:
                if up.poll() is not None or time.monotonic() > deadline:
                    sys.exit("Airstair did not start. See what “airstair up --demo” says.")
                time.sleep(0.2)
            yield running.addresses["web"]
        finally:
            up.terminate()
            up.wait(60)


def look(browser: Browser, address: str, options: argparse.Namespace, pages: dict[str, str]) -> None:
    """One picture for each page and look, named `ops-dark.png`."""
    for look_name, (width, height, scheme) in LOOKS.items():
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            base_url=address,
        )
        page = context.new_page()
        page.goto("/")
        if page.locator("input[type=password]").count():
            page.fill("input[type=email]", options.email)
            page.fill("input[type=password]", options.password)
            page.press("input[type=password]", "Enter")
            page.locator("input[type=password]").wait_for(state="detached")
        for name, path in pages.items():
            answer = page.goto(path)
            if answer is None or not answer.ok:
                sys.exit(f"{path} answered {answer.status if answer else 'nothing'}. Correct the list of pages.")
            page.wait_for_timeout(500)  # fonts and the live stream's first answer
            page.screenshot(path=PICTURES / f"{name}-{look_name}.png")
        context.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address")
    parser.add_argument("--email", default=os.environ.get("AIRSTAIR_DEMO_EMAIL", ""))
    parser.add_argument("--password", default=os.environ.get("AIRSTAIR_DEMO_PASSWORD", ""))
    parser.add_argument("pages", nargs="*", metavar="NAME=PATH")
    options = parser.parse_args()
    if not all("=" in page for page in options.pages):
        parser.error("Pages are given as NAME=PATH, as ops=/ops/.")
    pages = dict(page.split("=", 1) for page in options.pages) or PAGES
    PICTURES.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        address = options.address or stack.enter_context(demo_operator())
        play = stack.enter_context(sync_playwright())
        # Root's Chromium cannot make its own sandbox; it looks at our own pages only.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = play.chromium.launch(executable_path=os.environ["AIRSTAIR_CHROMIUM"], args=flags)
        look(browser, address, options, pages)
        browser.close()
    sys.stdout.write(f"{len(pages) * len(LOOKS)} pictures are in {PICTURES.relative_to(ROOT)}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
