"""docs/reference/journeys-as-code.md, executed: every block of the example as a reader would paste it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from definitions import define
from running import RunningServer

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "journeys-as-code.md"
_BLOCKS = re.compile(r"```bash\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


def test_the_example_prints_what_the_page_says(server: RunningServer, tmp_path: Path) -> None:
    define(server.platform(), "http://127.0.0.1:9", lambda _line: None)
    text = PAGE.read_text(encoding="utf-8")
    blocks = _BLOCKS.findall(text)
    assert len(blocks) == text.count("```bash") == text.count("```text") >= 5
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PARCOURS_DATA_DIR": str(server.data_dir),
    }
    for code, expected in blocks:
        answer = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", code],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert answer.returncode == 0, f"{code}\n{answer.stdout}\n{answer.stderr}"
        assert answer.stdout == expected, code


@pytest.mark.parametrize("code", ["ERR_IMPORT_SHAPE", "ERR_IMPORT_SECRET", "ERR_IMPORT_REFUSED", "ERR_IMPORT_UNKNOWN"])
def test_every_fault_code_of_an_import_is_explained(code: str) -> None:
    sources = (Path(__file__).parents[2] / "src" / "parcours" / "ascode").rglob("*.py")
    raised = {found for file in sources for found in re.findall(r'"(ERR_IMPORT_[A-Z]+)"', file.read_text("utf-8"))}
    assert code in raised
    assert f"`{code}`" in PAGE.read_text("utf-8")
