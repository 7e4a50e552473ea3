"""The bash blocks of reference pages, run after the tutorial's first two sections against a real server."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import RunningServer, wait_for

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_page(server: RunningServer, name: str, folder: Path) -> str:
    """What the blocks of a page print."""
    for program in ("bash", "curl"):
        if shutil.which(program) is None:
            (pytest.fail if program in os.environ.get("PARCOURS_REQUIRE", "") else pytest.skip)(f"{program} is missing")
    tutorial = (DOCS / "tutorial.md").read_text(encoding="utf-8").partition("\n## 3.")[0]
    page = (DOCS / "reference" / name).read_text(encoding="utf-8")
    blocks = [*_BLOCK.findall(tutorial), "echo '@@ page'", *_BLOCK.findall(page)]
    script = "set -euo pipefail\n" + "\n".join(blocks)
    for written, meant in (("http://127.0.0.1:8080", server.url), ("<data/", f"<{server.data_dir}/")):
        assert written in script
        script = script.replace(written, meant)
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"
    return done.stdout.partition("@@ page")[2]


def test_the_page_of_audiences(server: RunningServer, tmp_path: Path) -> None:
    printed = run_page(server, "audiences.md", tmp_path)
    assert '"status":"SUCCEEDED"' in printed
    assert '"attributes":{"tier":"gold"}' in printed
    assert '"segmentMembership":{"ups":{' in printed
    platform = server.platform()

    def people() -> int:
        count: int = platform.get("/data/core/ups/audiences")["children"][0]["metrics"]["totalProfiles"]
        return count

    wait_for(lambda: people() == 200_000, 120, what="the list in parts")


def test_the_page_of_lookups(server: RunningServer, tmp_path: Path) -> None:
    printed = run_page(server, "lookups.md", tmp_path)
    assert '"enabled":true' in printed
    assert '"entities":[]' in printed
