"""Take the pictures of docs/designer.md: the demo's server, filled as pages are when they are used, at 1280×800.

With --all every page and the designer's panels, filled, at three sizes, light and dark, in English and French, to look
at; status 1 when one of them scrolls sideways.
"""

import argparse
import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Error, Page, sync_playwright
from screenshot_journeys import COLLEAGUE, amend, enlarge, fill_journeys
from screenshot_world import ORCHESTRATION, call, fill

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "examples/demo/demo.py"
PATIENCE_S = 180
SETTLE_MS = 2_500
SETTLE_ALL_MS = 1_200
LOADING_MS = 60_000
TALLEST = 4_000

Size = tuple[int, int]
SIZES: dict[str, Size] = {"small": (1280, 800), "large": (1920, 1080), "phone": (390, 844)}
LOOKS: list[tuple[Literal["light", "dark"], str]] = [("light", "en-US"), ("dark", "fr-FR")]


def pages(ids: dict[str, str]) -> dict[str, str]:
    """The picture's name → the address of its page; `ids` as `fill` and `fill_journeys` give them."""
    return {
        "journeys": "/journeys",
        "journeys-calendar": "/journeys?view=calendar",
        "journey-live": f"/journeys/{ids['journey']}/versions/{ids['version']}",
        "journey-report": f"/journeys/{ids['journey']}/report/{ids['version']}",
        "journey-success": f"/journeys/{ids['measured']}/report/{ids['measuredVersion']}?tab=success",
        "journey-review": ids["toApprove"],
        "fragments": "/fragments",
        "events": "/events",
        "event": f"/events/{ids['event']}",
        "data-sources": "/data-sources",
        "actions": "/actions",
        "templates": "/templates",
        "template": f"/templates/{ids['template']}",
        "rules": "/rules",
        "rule-set": f"/rules/sets/{ids['messageRuleSet']}",
        "schemas": "/schemas",
        "datasets": "/datasets",
        "dataset": f"/datasets/{ids['dataset']}",
        "inlets": "/inlets",
        "profiles": "/profiles?namespace=Email&id=customer007%40example.com",
        "audiences": f"/audiences/{ids['audience']}",
        "usage-policies": "/usage-policies",
        "inbox": "/inbox",
        "operations": "/operations",
        "alerts": "/alerts",
        "audit": "/audit",
        "approval-policies": "/approval-policies",
        "people": "/people",
        "settings": "/settings",
        "account": "/account",
    }


def every_page(ids: dict[str, str]) -> dict[str, str]:
    """All reading pages, with their tabs and the dialogs that have an address; `ids` as `fill` gives them."""
    shown = pages(ids)
    for name in ("journey-live", "journey-review"):
        del shown[name]
    return shown | {
        "journeys-template": "/journeys?create=template",
        "journeys-import": "/journeys?create=import",
        "journeys-none": "/journeys?q=nothing-is-called-so",
        "journeys-in-review": "/journeys?status=In%20Review",
        "policy": f"/approval-policies?policy={ids['policy']}",
        "policy-new": "/approval-policies?policy=new",
        "journey-versions": f"/journeys/{ids['journey']}",
        "usage-policy": f"/usage-policies?open={ids['usagePolicy']}",
        "usage-policy-new": "/usage-policies?open=new",
        "usage-labels": "/usage-policies?tab=labels",
        "usage-label-new": "/usage-policies?tab=labels&open=new",
        "marketing-actions": "/usage-policies?tab=marketingActions",
        "schema-labelled": f"/schemas/{ids['schema']}?q=email",
        "journey-compare": f"/journeys/{ids['journey']}/compare?from={ids['version']}&to={ids['draft']}&node=pause",
        "event-edit": f"/events/{ids['event']}/edit",
        "event-new": "/events/new",
        "data-source": f"/data-sources/{ids['source']}",
        "data-source-new": "/data-sources/new",
        "action": f"/actions/{ids['action']}",
        "action-new": "/actions/new",
        "template-versions": f"/templates/{ids['template']}?tab=versions",
        "template-new": "/templates/new",
        "channels": "/templates/channels",
        "channel": f"/templates/channels/{ids['configuration']}",
        "channel-new": "/templates/channels/new",
        "suppressions": "/templates/channels?tab=suppressions",
        "rule-sets": "/rules?tab=sets",
        "rule": f"/rules/decision/{ids['rule']}",
        "rule-new": "/rules/decision/new",
        "rule-set-new": "/rules/sets/new",
        "schema": f"/schemas/{ids['schema']}",
        "query": "/datasets/query",
        "audiences-list": "/audiences",
        "profiles-none": "/profiles",
        "inlet": f"/inlets/{ids['inlet']}",
        "inlet-new": "/inlets/new",
        "message": f"/inbox/{ids['message']}",
        "failed": "/operations?tab=failed",
        "subscriptions": "/alerts?tab=subscriptions",
        "subscription-new": "/alerts?tab=subscriptions&subscription=new",
        "credentials": "/people?tab=credentials",
        "roles": "/people?tab=roles",
        "role-new": "/people?tab=roles&role=new",
        "sandboxes": "/people?tab=sandboxes",
    }


def dialogs(ids: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Dialogs without an address of their own: the page's address, and the key of what the button is called."""
    return {
        "schema-new": ("/schemas", "schemas.create"),
        "schema-extend": (f"/schemas/{ids['schema']}", "schemas.extend"),
        "dataset-new": ("/datasets", "datasets.create"),
        "audience-new": ("/audiences", "audiences.create"),
        "user-new": ("/people", "people.invite"),
        "credential-new": ("/people?tab=credentials", "people.credentials.create"),
        "sandbox-new": ("/people?tab=sandboxes", "people.sandboxes.create"),
        "suppression-new": ("/templates/channels?tab=suppressions", "templates.suppressions.add"),
        "template-proof": (f"/templates/{ids['template']}", "templates.proof"),
    }


def row_dialogs() -> dict[str, tuple[str, str, str]]:
    """Dialogs that the menu of a row opens: the page's address, the name of the row, the key of the menu's item."""
    return {
        "user": ("/people", COLLEAGUE["name"], "people.act.edit"),
        "user-delete": ("/people", COLLEAGUE["name"], "people.act.delete"),
    }


def words(language: str) -> dict[str, str]:
    """What the designer's texts are in a language, by key."""
    found = (ROOT / "web/src/i18n" / language).glob("*.json")
    return {key: text for path in found for key, text in json.loads(path.read_text()).items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs/images", help="[docs/images]")
    parser.add_argument("--all", action="store_true", help="every page, size, theme and language, into FOLDER")
    parser.add_argument("--size", action="append", choices=[*SIZES], help="of --all, these sizes only")
    parser.add_argument("--only", default="", help="of --all, the pages whose name this regular expression matches")
    options = parser.parse_args()
    folder: Path = options.folder
    if options.all and folder == ROOT / "docs/images":
        parser.error("--all needs a folder of its own")
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
            if options.all:
                ids = {"journey": journey, "version": version}
                sizes = {name: SIZES[name] for name in options.size or SIZES}
                return take_all(browser, url, password, folder, ids, sizes, options.only)
            page = browser.new_page(base_url=url, viewport={"width": 1280, "height": 800}, locale="en-US")
            sign_in(page, folder, password)
            ids = {"journey": journey, "version": version}
            ids |= fill(page)
            ids |= fill_journeys(page, browser, ids)
            for name, address in pages(ids).items():
                take(page, folder / f"{name}.png", address)
            take_draft(page, folder, ids)
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
    fill_in(page, password)


def fill_in(page: Page, password: str) -> None:
    page.get_by_label("E-mail address").fill("demo@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/journeys**")


def take_draft(page: Page, folder: Path, ids: dict[str, str]) -> None:
    """A new version: compared with the live one, a condition opened, simulated, replayed, under test."""
    draft = new_version(page, ids["journey"])
    amend(page, draft, ids)
    versions = f"/journeys/{ids['journey']}"
    take(page, folder / "journey-versions.png", versions)
    take(page, folder / "journey-compare.png", f"{versions}/compare?from={ids['version']}&to={draft}&node=pause")
    page.goto(f"{versions}/versions/{draft}")
    page.locator(".react-flow__node", has_text="Gold member?").click()
    shoot(page, folder / "journey-draft.png", SETTLE_MS)
    page.goto(f"{versions}/versions/{draft}?panel=simulate")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_test_id("trial-totals").wait_for(timeout=PATIENCE_S * 1000)
    shoot(page, folder / "journey-simulate.png", SETTLE_MS)
    replay(page, folder)
    page.goto(f"{versions}/versions/{draft}?panel=test")
    page.get_by_role("button", name="Start test mode").click()
    page.get_by_role("heading", name="Trigger an event").wait_for()
    take(page, folder / "journey-test.png", f"{versions}/versions/{draft}?panel=test")


def take_all(
    browser: Browser, url: str, password: str, folder: Path, ids: dict[str, str], sizes: dict[str, Size], only: str
) -> int:
    """Every page in every way, as `<page>-<size>-<theme>-<language>.png`; 1 when one scrolls sideways."""
    page = browser.new_page(base_url=url, locale="en-US")
    page.goto("/sign-in")
    fill_in(page, password)
    if "draft" not in ids:
        ids |= fill(page)
        ids |= fill_journeys(page, browser, ids) | {"draft": new_version(page, ids["journey"])}
        enlarge(page, ids["draft"], ids)
    state = page.context.storage_state()
    too_wide = []
    for size, (width, height) in sizes.items():
        for scheme, locale in LOOKS:
            context = browser.new_context(
                base_url=url, viewport={"width": width, "height": height}, color_scheme=scheme, locale=locale,
                storage_state=state,
            )  # fmt: skip
            page = context.new_page()
            page.on("pageerror", lambda error: print(f"  the page fails: {error}", flush=True))
            ending = f"{size}-{scheme}-{locale[:2]}.png"
            for name, address in every_page(ids).items():
                if re.search(only, name):
                    page.set_viewport_size({"width": width, "height": height})
                    take(page, folder / f"{name}-{ending}", address, SETTLE_ALL_MS)
                    too_wide += [f"{name}-{ending}"] if scrolls_sideways(page) else []
                    unfold(page, folder / f"{name}-{ending}", width, height)
            texts = words(locale[:2])
            for name, (address, key) in dialogs(ids).items():
                if re.search(only, name):
                    page.set_viewport_size({"width": width, "height": height})
                    page.goto(address)
                    page.get_by_role("button", name=texts[key], exact=True).first.click()
                    shoot(page, folder / f"{name}-{ending}")
            for name, (address, row, key) in row_dialogs().items():
                if re.search(only, name):
                    page.goto(address)
                    page.get_by_role("button", name=texts["common.actionsOf"].replace("{name}", row)).click()
                    page.get_by_role("menuitem", name=texts[key], exact=True).click()
                    shoot(page, folder / f"{name}-{ending}")
            if re.search(only, "designer"):
                page.set_viewport_size({"width": width, "height": height})
                take_designer(page, folder, ending, ids, (width, height))
            context.close()
    for one in too_wide:
        print(f"{one} scrolls sideways")
    return 1 if too_wide else 0


def scrolls_sideways(page: Page) -> bool:
    """Whether the window, or the part of it that holds the page, does."""
    return bool(
        page.evaluate(
            "[document.documentElement, document.querySelector('main')]"
            ".some(one => one !== null && one.scrollWidth > one.clientWidth)"
        )
    )


def unfold(page: Page, path: Path, width: int, height: int, part: str = "main") -> None:
    """What is below the edge of a part too, in the same picture; of several parts the one that hides most."""
    hidden = page.evaluate(
        "part => Math.max(0, ...[...document.querySelectorAll(part)].map(one => one.scrollHeight - one.clientHeight))",
        part,
    )
    if hidden > 0:
        page.set_viewport_size({"width": width, "height": min(height + hidden, TALLEST)})
        page.wait_for_timeout(SETTLE_ALL_MS // 3)
        page.screenshot(path=path, timeout=PATIENCE_S * 1000)


def take_designer(page: Page, folder: Path, ending: str, ids: dict[str, str], size: Size) -> None:
    """The canvas of a live version, of those in review and of a draft; panels, the inspector's forms, dialogs."""
    live, draft = (f"/journeys/{ids['journey']}/versions/{ids[one]}" for one in ("version", "draft"))
    width, height = size
    measured = f"/journeys/{ids['measured']}/versions/{ids['measuredVersion']}"
    take(page, folder / f"designer-live-{ending}", live)
    take(page, folder / f"designer-people-{ending}", f"{live}?panel=people", SETTLE_ALL_MS)
    take(page, folder / f"designer-draft-{ending}", draft)
    take(page, folder / f"designer-measured-{ending}", measured)
    take(page, folder / f"designer-in-review-{ending}", ids["inReview"])
    take(page, folder / f"designer-to-approve-{ending}", ids["toApprove"])
    for panel in ("properties", "faults", "test", "simulate", "backtest", "dryRun"):
        take(page, folder / f"designer-{panel}-{ending}", f"{draft}?panel={panel}", SETTLE_ALL_MS)
        if panel == "properties":
            unfold(page, folder / f"designer-{panel}-{ending}", width, height, "main aside")
            page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{draft}?node=gold")
    for number, name in ((2, "fragment"), (5, "source"), (7, "keys")):
        page.locator("main header").get_by_role("button").last.click()
        page.get_by_role("menuitem").nth(number).click()
        shoot(page, folder / f"designer-{name}-{ending}")
        page.keyboard.press("Escape")
    nodes = call(page, "GET", f"{ORCHESTRATION}/journeyVersions/{ids['draft']}")["document"]["nodes"]
    for node in nodes if size != SIZES["phone"] else ["gold"]:
        take(page, folder / f"designer-{node}-{ending}", f"{draft}?panel=node&node={node}", SETTLE_ALL_MS)


def new_version(page: Page, journey: str) -> str:
    page.goto(f"/journeys/{journey}")
    page.get_by_role("button", name="New version").click()
    page.wait_for_url("**/versions/**")
    return page.url.rsplit("/", 1)[1]


def replay(page: Page, folder: Path) -> None:
    """A backtest of the version that is open, beside the live one."""
    page.get_by_role("button", name="Backtest").click()
    page.get_by_role("button", name="Run the backtest").click()
    page.get_by_test_id("backtest-records").wait_for(timeout=PATIENCE_S * 1000)
    shoot(page, folder / "journey-backtest.png", SETTLE_MS)


def take(page: Page, path: Path, address: str, settle_ms: int = SETTLE_MS) -> None:
    page.goto(address)
    shoot(page, path, settle_ms)


def shoot(page: Page, path: Path, settle_ms: int = SETTLE_ALL_MS) -> None:
    with contextlib.suppress(Error):  # what never comes is in the picture, too
        page.locator("h1, [data-testid=canvas]").first.wait_for(timeout=LOADING_MS)
        page.wait_for_timeout(settle_ms)
        page.locator("main [role=progressbar]").first.wait_for(state="hidden", timeout=LOADING_MS)
    page.screenshot(path=path, timeout=PATIENCE_S * 1000)
    print(path.name, flush=True)


if __name__ == "__main__":
    sys.exit(main())
