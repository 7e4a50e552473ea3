"""Commands that tests start are of the package as a wheel holds it, compiled; a checkout is interpreted."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts/compile_modules.py"
COMPILED = os.environ.get("PARCOURS_COMMANDS")


def _modules() -> list[str]:
    spec = importlib.util.spec_from_file_location("compile_modules", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return [str(path.relative_to(ROOT / "src").with_suffix("")).replace("/", ".") for path in made.modules()]


def _files_of(modules: list[str], path: str | None = None) -> list[str]:
    """Where a new process finds modules."""
    script = "import importlib, sys\nfor name in sys.argv[1:]: print(importlib.import_module(name).__file__)"
    environment = os.environ if path is None else {**os.environ, "PYTHONPATH": path}
    run = subprocess.run(
        [sys.executable, "-c", script, *modules], capture_output=True, text=True, check=True, env=environment
    )
    return run.stdout.split()


@pytest.mark.skipif(COMPILED is None, reason="`make test` and `make e2e` compile")
def test_every_module_of_the_hot_path_is_compiled_in_the_commands_that_tests_start() -> None:
    if not (Path(COMPILED or "") / ".made").exists():
        is_required = "compiler" in os.environ.get("PARCOURS_REQUIRE", "")
        (pytest.fail if is_required else pytest.skip)("there is no C compiler, or no header of Python")
    modules = _modules()
    assert len(modules) > 30
    for module, file in zip(modules, _files_of(modules), strict=True):
        assert re.search(rf"/{module.rpartition('.')[2]}\.[\w-]*\.so$", file), file


def test_a_checkout_is_interpreted() -> None:
    assert all(file.startswith(str(ROOT / "src")) and file.endswith(".py") for file in _files_of(_modules(), ""))
