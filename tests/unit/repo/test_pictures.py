"""docs/designer.md shows every page that somebody who is signed in sees, and no picture that is not there."""

import re
from pathlib import Path

from parcours.http.static import PAGES

ROOT = Path(__file__).parents[3]
BEFORE_SIGNING_IN = {"join", "setup"}
SHOWN = re.compile(r"!\[[^\]]+\]\(images/([a-z-]+\.png)\)")


def test_every_page_has_a_picture_in_the_guide() -> None:
    script = (ROOT / "scripts/screenshots.py").read_text()
    guide = (ROOT / "docs/designer.md").read_text()
    taken = script[script.index("def pages(") : script.index("def every_page(")] + '"sign-in": "/sign-in"'
    pictures = {address: name for name, address in re.findall(r'^ *"([a-z-]+)": f?"/([a-z-]+)', taken, re.MULTILINE)}
    assert set(PAGES) - BEFORE_SIGNING_IN - set(pictures) - {"sign-in"} == set()
    assert [name for name in pictures.values() if f"images/{name}.png" not in guide] == []


def test_pictures_of_the_guide_are_those_of_the_folder() -> None:
    shown = SHOWN.findall((ROOT / "docs/designer.md").read_text())
    assert len(shown) == len(set(shown))
    assert set(shown) == {one.name for one in (ROOT / "docs/images").glob("*.png")}
