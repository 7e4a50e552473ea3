"""What the documentation says of the code is there, and what it points to exists."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import click
import pytest
from typer.main import get_command

from parcours.cli import app
from parcours.kit.settings import NO_SETTINGS, RANGES, Settings

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SETTINGS = [field for field in fields(Settings) if field.name not in NO_SETTINGS]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SETTING_ROW = re.compile(r"^\| `PARCOURS_(\w+)` \| (?:`([^`]*)`)? ?\|", re.MULTILINE)


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in _LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        assert not anchor or anchor in _anchors(target), f"{page.name} links to {link}"


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.name)
def test_every_page_can_be_found_from_the_index(page: Path) -> None:
    index = ROOT / "docs" / "README.md"
    if page == index:
        return
    near = page.parent / "README.md" if (page.parent / "README.md").exists() else index
    names = _LINK.findall(near.read_text(encoding="utf-8"))
    if page == near:
        near, names = index, _LINK.findall(index.read_text(encoding="utf-8"))
    assert page in {(near.parent / name).resolve() for name in names}, f"{near} does not list {page.name}"


def test_every_setting_is_documented_with_its_default() -> None:
    text = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    documented = dict(_SETTING_ROW.findall(text))
    shown = {field.name.upper(): str(field.default) for field in SETTINGS}
    shown = {name: {"True": "true", "False": "false"}.get(value, value) for name, value in shown.items()}
    assert documented == shown


def test_every_range_of_a_setting_is_documented() -> None:
    text = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    for name, (least, most) in RANGES.items():
        assert re.search(rf"^\| `PARCOURS_{name.upper()}` .* {least} to {most}\. \|$", text, re.MULTILINE), name


def test_every_command_and_option_is_documented() -> None:
    text = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")

    def check(command: click.Command, name: str) -> None:
        if name != "parcours":
            assert re.search(rf"^(## )?{name}\b", text, re.MULTILINE), f"{name} is missing"
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and not getattr(parameter, "hidden", False):
                    assert option in text, f"{option} of {name} is missing"
        for sub, subcommand in getattr(command, "commands", {}).items():
            if not subcommand.hidden:
                check(subcommand, f"{name} {sub}")

    check(get_command(app), "parcours")


def test_every_decision_has_the_parts_of_the_template() -> None:
    pages = sorted((ROOT / "docs/adr").glob("0*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(len(pages)))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {page.name[:4]}: "), page.name
        parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequences", "Alternatives"], page.name
        assert re.search(r"^Status: (proposed|accepted|replaced)", text, re.MULTILINE), page.name


def test_the_files_and_names_that_architecture_speaks_of_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    package = ROOT / "src" / "parcours"
    mentioned = re.findall(r"`((?:\w+/)*\w+\.py)`(?:: `([\w.]+))?", text)
    assert mentioned
    for path, name in mentioned:
        files = [file for file in package.rglob("*.py") if str(file).endswith(f"/{path}")]
        assert files, path
        code = "".join(file.read_text(encoding="utf-8") for file in files)
        last = name.rpartition(".")[2]
        assert not name or re.search(rf"\b(class|def) {last}\b", code), f"{path} has no {name}"


def test_architecture_lists_the_rooms_in_import_order() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    first_cells = "\n".join(re.findall(r"^\| (`.*?) \|", text, re.MULTILINE))
    listed = [f"parcours.{room}" for room in re.findall(r"`(\w+)(?:/|\.py)`", first_cells)]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = [c for c in project["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    ordered = [module.strip() for layer in contract["layers"] for module in layer.split("|")]
    assert listed == ordered
