"""docs/reference/http-api.md lists every route there is, and no other."""

import re
from pathlib import Path
from unittest.mock import Mock

from parcours.app import Platform
from parcours.edge import build_control_plane, build_process_routers

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "http-api.md"
COLLECTION = {("POST", "/collection/{inletId}"), ("POST", "/collection/batch/{inletId}")}
_ROW = re.compile(r"^\| (`[A-Z]+`(?: `[A-Z]+`)*) \| `(/[^`]*)` \|", re.MULTILINE)


def test_the_page_lists_exactly_the_routes_that_are_served(platform: Platform) -> None:
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    listed = [(method, path) for methods, path in rows for method in re.findall(r"[A-Z]+", methods)]
    assert len(listed) == len(set(listed))
    described = build_control_plane(platform, build_process_routers(platform, Mock(), Mock(), Mock())).openapi()[
        "paths"
    ]
    served = {(method.upper(), path) for path, item in described.items() for method in item}
    assert set(listed) - COLLECTION == served
