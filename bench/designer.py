"""The designer in Chromium: how soon a large journey opens, how smoothly it is dragged, what the first page weighs."""

import secrets
import shutil
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Page, Response, sync_playwright

from bench.definitions import JOURNEYS, Bench
from bench.figures import Figure, figure, middle
from bench.machine import NotMeasured
from parcours.http import static

ACTIVITIES = 50
ROUNDS = 5
DRAG_MS = 3_000
EMAIL = "bench@example.com"
SCRIPT_LIMIT_KB = 400
LOADED = "count => document.querySelectorAll('.react-flow__node').length === count"
FRAMES = """milliseconds => new Promise(done => {
  let frames = 0;
  const start = performance.now();
  const count = now => {
    frames += 1;
    if (now - start < milliseconds) requestAnimationFrame(count);
    else done(frames * 1000 / (now - start));
  };
  requestAnimationFrame(count);
})"""


def run() -> list[Figure]:
    """Opens journeys of one and of fifty activities, drags one activity, and weighs the sign-in page's scripts."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or not static.is_built():
        raise NotMeasured("it needs Chromium, and the designer built by `make web`")
    folder = Path(tempfile.mkdtemp(prefix="parcours-bench-"))
    try:
        bench = Bench(folder / "data")
        bench.define()
        with bench.serving(), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            try:
                return measure(bench, browser)
            finally:
                browser.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(bench: Bench, browser: Browser) -> list[Figure]:
    small, large = draft(bench, 1), draft(bench, ACTIVITIES)
    page = sign_in(bench, browser)
    opened: dict[str, list[float]] = {small: [], large: []}
    for _ in range(ROUNDS):
        for address, count in ((small, 1), (large, ACTIVITIES)):
            opened[address].append(seconds_to_open(page, bench.url + address, count))
    idle = middle([page.evaluate(FRAMES, DRAG_MS) for _ in range(ROUNDS)])
    dragged = middle([frames_while_dragging(page) for _ in range(ROUNDS)])
    weights = scripts_of_first_page(bench, browser)
    total = sum(weights)
    seconds = middle(opened[large])
    return [
        figure(
            f"a journey of {ACTIVITIES} activities opens", seconds, "s",
            ("a journey of one activity", middle(opened[small])), "< 1 s", seconds < 1,
        ),
        figure(
            f"one of {ACTIVITIES} activities is dragged", dragged, "frames/s",
            ("the same page left alone", idle), "≥ 50 frames/s", dragged >= 50,
        ),
        figure(
            "compressed script of the first page", total, "KB",
            ("its largest file", max(weights)), f"< {SCRIPT_LIMIT_KB} KB", total < SCRIPT_LIMIT_KB,
        ),
    ]  # fmt: skip


def draft(bench: Bench, activities: int) -> str:
    """The address of a draft with so many activities in rows of ten."""
    names = [f"n{number}" for number in range(activities)]
    nodes: dict[str, Any] = {name: {"type": "wait", "duration": {"value": 1, "unit": "days"}} for name in names}
    nodes["n0"] = {"type": "event", "eventUid": bench.event_uid}
    edges = [{"from": before, "to": name} for before, name in pairwise(names)]
    layout = {name: {"x": 260 * (n % 10), "y": 140 * (n // 10)} for n, name in enumerate(names)}
    made = bench.platform().post(
        f"{JOURNEYS}/journeys",
        {"name": f"{activities} activities", "entry": {"node": "n0"}, "nodes": nodes, "edges": edges, "layout": layout},
    )
    return f"/journeys/{made['uid']}/versions/{made['versionUid']}"


def sign_in(bench: Bench, browser: Browser) -> Page:
    platform = bench.platform()
    user = platform.post("/parcours/users", {"name": "Bench", "email": EMAIL, "roles": ["administrators"]})
    page = browser.new_page(base_url=bench.url, viewport={"width": 1280, "height": 800})
    token, password = user["invitationUrl"].partition("#")[2], secrets.token_urlsafe(16)
    page.request.post("/parcours/join", data={"token": token, "password": password, "name": "Bench"})
    page.goto("/journeys")
    return page


def seconds_to_open(page: Page, address: str, activities: int) -> float:
    """From the navigation until every activity is drawn."""
    page.goto(address, wait_until="commit")
    page.wait_for_function(LOADED, arg=activities)
    return float(page.evaluate("performance.now()")) / 1000


def frames_while_dragging(page: Page) -> float:
    """Frames a second while an activity is dragged round in circles."""
    box = page.locator(".react-flow__node").nth(12).bounding_box()
    if box is None:
        raise NotMeasured("the canvas shows no activity to drag")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("milliseconds => { globalThis.frames_ = (" + FRAMES + ")(milliseconds) }", DRAG_MS)
    waited = 0
    while waited < DRAG_MS:
        page.mouse.move(x + (waited // 8) % 80, y + (waited // 8) % 60)
        page.wait_for_timeout(16)
        waited += 16
    found = float(page.evaluate("globalThis.frames_"))
    page.mouse.up()
    return found


def scripts_of_first_page(bench: Bench, browser: Browser) -> list[float]:
    """Kilobytes of each script that a stranger's first visit loads, as they go over the line."""
    weights: list[float] = []
    context = browser.new_context()
    page = context.new_page()

    def weigh(response: Response) -> None:
        if response.url.endswith(".js"):
            try:
                weights.append(response.request.sizes()["responseBodySize"] / 1000)
            except Error:
                weights.append(len(response.body()) / 1000)

    page.on("requestfinished", lambda request: weigh(request.response()))
    page.goto(bench.url + "/", wait_until="networkidle")
    context.close()
    return weights
