"""Two ways to work a page, by mouse and by keyboard alone, so that one story can be told by either."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

MOST_TABS = 150
"""How many stops of the Tab key any element of a page may be away."""
MOST_ARROWS = 60
_GROUPS = "[role=tablist], [role=radiogroup], [role=listbox], [role=menu], [role=toolbar]"

# What stands between the focus and an element: nothing ("here"), the arrow keys of the group that both are in
# ("inside"), or some stops forwards or back.
_WHERE = f"""element => {{
  if (!element.isConnected) return "gone";
  const active = document.activeElement;
  if (active === element) return "here";
  const grid = element.closest("[role=grid]");
  const group = grid ?? (element.tabIndex === 0 ? null : element.closest("{_GROUPS}"));
  if (group !== null && group.contains(active)) return "inside";
  if (active === null || active === document.body) return "after";
  return active.compareDocumentPosition(group ?? element) & Node.DOCUMENT_POSITION_FOLLOWING ? "after" : "before";
}}"""

# The arrow key that leads from the focus towards an element of the same group; null when it has the focus.
_ARROW = """element => {
  const active = document.activeElement;
  if (active === element) return null;
  const isAhead = active.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
  const isUpright = element.closest("[role=listbox], [role=menu], [aria-orientation=vertical]") !== null;
  const row = element.closest("[role=row]");
  if (isUpright || (row !== null && active.closest("[role=row]") !== row)) return isAhead ? "ArrowDown" : "ArrowUp";
  return isAhead ? "ArrowRight" : "ArrowLeft";
}"""


class Hand(Protocol):
    """What one does with a page."""

    page: Page

    def press(self, target: Locator) -> None:
        """A button, a link, a tab, a checkbox or a radio button."""

    def write(self, target: Locator, text: str) -> None:
        """Replace the text of a field."""

    def go_to(self, target: Locator) -> None:
        """Put the cursor into a text."""

    def choose(self, picker: Locator, option: str | re.Pattern[str]) -> None:
        """One of the choices that a button shows."""

    def pick(self, box: Locator, typed: str) -> None:
        """One of the choices of a box into which one types."""

    def menu(self, button: Locator, item: str) -> None:
        """An item of the menu of a button."""

    def take(self, options: Locator, option: str) -> None:
        """Select a row of a list of which several may be selected."""

    def accept(self, offered: Locator) -> None:
        """The first of what an editor offers to complete a word."""

    def add_activity(self, kind: str, x: int, y: int, after: tuple[str, str] | None) -> None:
        """Put an activity of a kind on the canvas, behind a way out of another one: (its name, the way)."""

    def open_activity(self, name: str) -> None:
        """Show what is to be said of an activity of the canvas."""


def activity(page: Page, name: str) -> Locator:
    return page.locator(".react-flow__node", has_text=name)


def insist(act: Callable[[], None], check: Callable[[], None], fault: str, tries: int = 5) -> None:
    """Act until it has an effect, as anybody would: the page may move under the hand, or be busy with something."""
    failed: Exception | None = None
    for _ in range(tries):
        act()
        try:
            check()
        except (AssertionError, PlaywrightTimeout) as error:
            failed = error
            continue
        return
    raise AssertionError(fault) from failed


def complete(hand: Hand, typed: str, name: str) -> None:
    """Write the beginning of a field's name, and take what is offered."""
    page = hand.page
    page.keyboard.type(typed, delay=10)
    page.keyboard.press("Control+Space")
    offered = page.locator(".cm-tooltip-autocomplete li", has_text=name)
    expect(offered.first).to_be_visible()
    expect(page.locator(".cm-tooltip-autocomplete li[aria-selected=true]")).to_contain_text(name)
    # While it is asked anew, a click on it takes nothing.
    expect(page.locator(".cm-tooltip-autocomplete-disabled")).to_have_count(0)
    hand.accept(offered)
    expect(offered).to_have_count(0)


def drag(page: Page, kind: str, x: int, y: int) -> None:
    """Drag a kind of activity from the palette to a place on the canvas."""
    nodes = page.locator(".react-flow__node")
    count = nodes.count()
    source, canvas = page.get_by_role("button", name=kind, exact=True), page.get_by_test_id("canvas")
    insist(
        lambda: source.drag_to(canvas, target_position={"x": x, "y": y}),
        lambda: expect(nodes).to_have_count(count + 1, timeout=5_000),
        f"{kind} was not dropped",
    )
    selected = page.locator(".react-flow__node.selected")
    expect(page.get_by_role("complementary", name=kind)).to_be_visible()
    selected.hover()  # the canvas has moved for the panel, and stands still


def connect(page: Page, source: Locator, way: str, target: Locator) -> None:
    """Draw an arrow from a way out to an activity, with the mouse."""
    edges = page.locator(".react-flow__edge")
    count = edges.count()
    insist(
        lambda: drag_arrow(page, source, way, target),
        lambda: expect(edges).to_have_count(count + 1, timeout=3_000),
        f"no arrow was drawn to {target}",
    )


def drag_arrow(page: Page, source: Locator, way: str, target: Locator) -> None:
    """Hold a way out and let it go at an activity, which may refuse it."""
    # Where a canvas still moves, one would take hold of it instead, and push what is to be joined under a panel.
    source.locator(f".react-flow__handle.source[data-handleid='{way}']").hover()
    end = target.locator(".react-flow__handle.target").bounding_box()
    assert end is not None
    page.mouse.down()
    page.mouse.move(end["x"] + 20, end["y"] + 20, steps=5)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=5)
    page.mouse.up()


def _open(picker: Locator, act: Callable[[], None]) -> None:
    """A list of choices that the server has not told yet does not open."""
    expanded = expect(picker).to_have_attribute
    insist(act, lambda: expanded("aria-expanded", "true", timeout=2_000), f"{picker} shows no choices", tries=30)


def _closed(box: Locator) -> None:
    """A list that goes gives the focus back when it is gone, and another that opened meanwhile closes by that."""
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box.page.get_by_test_id("popover")).to_have_count(0)
    box.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def write_as_text(hand: "Hand", part: Locator) -> None:
    """Have a condition shown as text."""
    advanced = part.get_by_role("radio", name="Advanced").first
    checked = expect(advanced).to_be_checked
    insist(lambda: hand.press(advanced), lambda: checked(timeout=5_000), "the condition stays in rows")


class Mouse:
    """Points, clicks and drags; the keyboard only writes."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        # The box of a checkbox, a radio button or a switch is drawn by its label, which takes the click.
        is_box = target.evaluate("one => one.matches('input[type=checkbox], input[type=radio]')")
        (target.locator("xpath=..") if is_box else target).click()

    def write(self, target: Locator, text: str) -> None:
        target.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def go_to(self, target: Locator) -> None:
        target.click()

    def choose(self, picker: Locator, option: str | re.Pattern[str]) -> None:
        _open(picker, picker.click)
        offered = self.page.get_by_role("option", name=option, exact=True)

        def take() -> None:
            with suppress(PlaywrightTimeout):  # it is gone when it was taken after all
                offered.click(timeout=5_000)

        # A list shows what is chosen once it is open: a press that comes sooner is of an option that moves away.
        is_closed = expect(picker).to_have_attribute
        insist(take, lambda: is_closed("aria-expanded", "false", timeout=5_000), f"{picker} takes no {option}")
        _closed(picker)

    def pick(self, box: Locator, typed: str) -> None:
        option = self.page.get_by_role("option", name=re.compile(re.escape(typed))).first
        insist(lambda: self.write(box, typed), lambda: option.click(timeout=5_000), f"{box} offers no {typed}")
        _closed(box)

    def menu(self, button: Locator, item: str) -> None:
        button.click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()

    def take(self, options: Locator, option: str) -> None:
        options.get_by_role("option", name=option, exact=True).click()

    def accept(self, offered: Locator) -> None:
        insist(
            offered.first.click,
            lambda: expect(offered).to_have_count(0, timeout=5_000),
            "nothing was taken of what was offered",
        )

    def add_activity(self, kind: str, x: int, y: int, after: tuple[str, str] | None) -> None:
        drag(self.page, kind, x, y)
        expect(activity(self.page, kind)).to_be_visible()
        if after is None:
            return
        source, way = after
        connect(self.page, activity(self.page, source), way, activity(self.page, kind))

    def open_activity(self, name: str) -> None:
        activity(self.page, name).click()


class Keyboard:
    """Never a mouse: Tab, arrows, Enter, Space and what is typed. What the Tab key can't reach within bounds fails."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, target: Locator) -> None:
        """Move the focus to an element as somebody would who has no mouse."""
        # Once found it is held: a list that opens on the way hides everything else from the accessibility tree.
        element = target.element_handle()
        for _ in range(MOST_TABS):
            where = element.evaluate(_WHERE)
            if where == "gone":
                element = target.element_handle()
                continue
            if where == "here":
                return
            if where == "inside":
                self._arrow_to(target)
                return
            self.page.keyboard.press("Tab" if where == "after" else "Shift+Tab")
        focused = self.page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        raise AssertionError(f"{MOST_TABS} times Tab do not lead to {target}; the focus is on {focused}")

    def _arrow_to(self, target: Locator) -> None:
        """Within a group that has one stop for all its elements."""
        for _ in range(MOST_ARROWS):
            key = target.evaluate(_ARROW)
            if key is None:
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"{MOST_ARROWS} times an arrow key do not lead to {target}")

    def press(self, target: Locator) -> None:
        self.reach(target)
        # A tab or a radio button is selected by the arrow that leads to it.
        is_box = target.evaluate("one => one.matches('input, [role=option], [role=radio], [role=tab]')")
        self.page.keyboard.press("Space" if is_box else "Enter")

    def write(self, target: Locator, text: str) -> None:
        self.go_to(target)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def go_to(self, target: Locator) -> None:
        self.reach(target)

    def choose(self, picker: Locator, option: str | re.Pattern[str]) -> None:
        self.reach(picker)
        _open(picker, lambda: self.page.keyboard.press("Enter"))
        self._choose_option(self.page.get_by_role("option", name=option, exact=True))
        _closed(picker)

    def _choose_option(self, option: Locator) -> None:
        expect(option).to_be_visible()
        self.reach(option)
        self.page.keyboard.press("Enter")

    def pick(self, box: Locator, typed: str) -> None:
        self.write(box, typed)
        option = self.page.get_by_role("option", name=re.compile(re.escape(typed))).first
        expect(option).to_be_visible()
        for _ in range(MOST_ARROWS):
            # The focus stays in the box, which tells the option that Enter would take.
            if box.get_attribute("aria-activedescendant") == option.get_attribute("id"):
                break
            self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Enter")
        _closed(box)

    def menu(self, button: Locator, item: str) -> None:
        self.reach(button)
        self.page.keyboard.press("Enter")
        self._choose_option(self.page.get_by_role("menuitem", name=item, exact=True))

    def take(self, options: Locator, option: str) -> None:
        self.reach(options.get_by_role("option", name=option, exact=True))
        self.page.keyboard.press("Space")

    def accept(self, offered: Locator) -> None:
        # For 75 ms an editor takes Enter for the end of a line, as of somebody who had not seen the list yet.
        self.page.wait_for_timeout(100)
        self.page.keyboard.press("Enter")

    def add_activity(self, kind: str, x: int, y: int, after: tuple[str, str] | None) -> None:
        if after is not None:
            self._select(after[0])
        self.press(self.page.get_by_role("button", name=kind, exact=True))
        expect(activity(self.page, kind)).to_be_visible()

    def open_activity(self, name: str) -> None:
        self._select(name)
        self.page.keyboard.press("Enter")

    def _select(self, name: str) -> None:
        """With the arrow keys of the canvas: to the first activity, then along the arrows."""
        node = activity(self.page, name)
        self.reach(self.page.locator(".react-flow__node").first)
        self.page.keyboard.press("Escape")
        for _ in range(MOST_ARROWS):
            self.page.keyboard.press("ArrowRight")
            if node.evaluate("one => one === document.activeElement"):
                return
        raise AssertionError(f"the arrow keys do not lead to {name}")
