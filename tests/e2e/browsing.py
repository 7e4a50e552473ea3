"""Debian's Chromium over the real server: pages opened, looked at, and examined by axe."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from running import RunningServer

from parcours.http import static

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
PASSWORD = "correct horse battery staple"
_AT_REST = """() => Promise.allSettled(document.getAnimations()
    .filter(one => one.effect.getComputedTiming().endTime !== Infinity).map(one => one.finished))"""
_PATIENCE_MS = 60_000
"""How long a page may take for anything; several browsers and servers share a machine."""
expect.set_options(timeout=_PATIENCE_MS)


def chromium() -> str:
    """Where Chromium is; skips the test, or fails it when it is required, where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    missing = "Chromium is missing" if found is None else None if static.is_built() else "the designer was not built"
    if missing is None:
        assert found is not None
        return found
    (pytest.fail if "chromium" in os.environ.get("PARCOURS_REQUIRE", "") else pytest.skip)(missing)
    return None


@contextmanager
def started_browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def settle(page: Page) -> None:
    """Until the page has what it asked the server for."""
    page.locator("h1").first.wait_for()
    expect(page.get_by_role("progressbar")).to_have_count(0)


class Visitor:
    """One person with a browser window; what the page complains of is kept."""

    def __init__(self, browser: Browser, server: RunningServer, **context: Any) -> None:
        self.server = server
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **context}
        self.context = browser.new_context(base_url=server.url, **options)
        self.context.set_default_timeout(_PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def create_administrator(self, name: str = "Ada Example", email: str = "ada@example.com") -> None:
        """By the link that the first start printed."""
        found = re.findall(r"/setup#\S+", self.server.log.read_text())
        page = self.open(found[-1])
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Create and sign in").click()
        page.wait_for_url("**/journeys**")

    def sign_in(self, email: str = "ada@example.com", password: str = PASSWORD) -> None:
        page = self.open("/sign-in")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/journeys**")

    def complaints_of_axe(self) -> list[str]:
        """Serious and critical violations of WCAG, and headings that skip a level, on the page as it is now."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        self.page.evaluate(_AT_REST)  # a colour on its way from one theme to the other is no colour of either
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = self.page.evaluate(
            """tags => axe.run(document, {
                runOnly: {type: 'tag', values: tags}, rules: {'heading-order': {enabled: true}},
                resultTypes: ['violations'], selectors: false  // what nobody reads takes as long again
            })""",
            tags,
        )
        return [
            f"{one['id']}: {[node['html'][:160] for node in one['nodes']][:4]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical") or one["id"] == "heading-order"
        ]

    def close(self) -> None:
        self.context.close()
