"""Take the pictures of docs/designer.md: the demo's server, each page as it is then, at 1280×800.

python scripts/screenshots.py [FOLDER]      FOLDER: docs/images when left out
"""

import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "examples/demo/demo.py"
PATIENCE_S = 180
SETTLE_MS = 2_500


def pages(journey: str, version: str) -> dict[str, str]:
    """The picture's name → the address of its page."""
    return {
        "journeys": "/journeys",
        "journey-live": f"/journeys/{journey}/versions/{version}",
        "journey-versions": f"/journeys/{journey}",
        "journey-report": f"/journeys/{journey}/report/{version}",
        "events": "/events",
        "data-sources": "/data-sources",
        "actions": "/actions",
        "templates": "/templates",
        "schemas": "/schemas",
        "datasets": "/datasets",
        "inlets": "/inlets",
        "profiles": "/profiles",
        "inbox": "/inbox",
        "operations": "/operations",
        "alerts": "/alerts",
        "audit": "/audit",
        "people": "/people",
        "settings": "/settings",
    }


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/images"
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("Chromium is missing: apt-get install chromium", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    demo = subprocess.Popen(
        [sys.executable, "-u", str(DEMO), "--port", "8480"], stdout=subprocess.PIPE, text=True, env=None
    )
    try:
        url, journey, version, password = invitation(demo)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(base_url=url, viewport={"width": 1280, "height": 800}, locale="en-US")
            sign_in(page, folder, password)
            for name, address in pages(journey, version).items():
                take(page, folder / f"{name}.png", address)
            draw(page, folder, journey)
            replay(page, folder)
            browser.close()
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(timeout=60)
    return 0


def invitation(demo: "subprocess.Popen[str]") -> tuple[str, str, str, str]:
    """(address of the server, journey, version, password) as the demo prints them."""
    assert demo.stdout is not None
    text, until = "", time.monotonic() + PATIENCE_S
    for line in demo.stdout:
        text += line
        password = re.search(r"with the password (\S+)", text)
        where = re.search(r"(http://\S+?)/journeys/(\S+)/versions/(\S+)", text)
        if password is not None and where is not None:
            return where[1], where[2], where[3], password[1]
        if time.monotonic() > until:
            break
    raise SystemExit(f"the demo did not come to its end:\n{text[-2000:]}")


def sign_in(page: Page, folder: Path, password: str) -> None:
    take(page, folder / "sign-in.png", "/sign-in")
    page.get_by_label("E-mail address").fill("demo@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/journeys**")


def draw(page: Page, folder: Path, journey: str) -> None:
    """A new version, with a condition opened."""
    page.goto(f"/journeys/{journey}")
    page.get_by_role("button", name="New version").click()
    page.wait_for_url("**/versions/**")
    page.locator(".react-flow__node", has_text="Gold member?").click()
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=folder / "journey-draft.png")


def replay(page: Page, folder: Path) -> None:
    """A backtest of the version that is open, beside the live one."""
    page.get_by_role("button", name="Backtest").click()
    page.get_by_role("button", name="Run the backtest").click()
    page.get_by_test_id("backtest-records").wait_for(timeout=PATIENCE_S * 1000)
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=folder / "journey-backtest.png")
    print("journey-backtest.png", flush=True)


def take(page: Page, path: Path, address: str) -> None:
    page.goto(address)
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=path)
    print(path.name, flush=True)


if __name__ == "__main__":
    sys.exit(main())
