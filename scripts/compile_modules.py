"""Compile the modules of the hot path to C, with mypyc: an event takes some 30 % less time (ADR 0030).

    python scripts/compile_modules.py        the whole package into build/compiled, with those modules compiled

Put first on PYTHONPATH, that folder is used in place of src/: `make test` and `make bench` do so. The sources stay as
they are, so that what is changed in them is what runs. The wheel's build hook (hatch_build.py) calls `compile_into`.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
WORK = ROOT / "build/mypyc"
OVERLAY = ROOT / "build/compiled"
DESIGNER = "http/designer"
MODULES = (
    "actions/compiled.py",
    "actions/payload.py",
    "actions/table.py",
    "batch.py",
    "catalog/model.py",
    "dataflow/model.py",
    "dataflow/transform.py",
    "db/bulk.py",
    "delivery/store.py",
    "events/feedback.py",
    "events/language.py",
    "events/model.py",
    "events/table.py",
    "expressions/code.py",
    "expressions/compiler.py",
    "expressions/compiler_references.py",
    "expressions/operators.py",
    "expressions/paths.py",
    "expressions/values.py",
    "identity/namespaces.py",
    "journeys/activities/*.py",
    "journeys/compiled.py",
    "journeys/counters.py",
    "journeys/decision_store.py",
    "journeys/engine.py",
    "journeys/language.py",
    "journeys/match.py",
    "journeys/model.py",
    "journeys/outgoing.py",
    "journeys/run.py",
    "journeys/runner.py",
    "journeys/state.py",
    "journeys/steps.py",
    "journeys/store.py",
    "journeys/workset.py",
    "kit/named.py",
    "kit/paths.py",
    "lookups/workspace.py",
    "profile/store.py",
    "profile/workspace.py",
    "world.py",
    "xdm/identities.py",
    "xdm/table.py",
)
"""What is done for each event or step. A module that calls itself on what users send is none: C has no RecursionError
(JSON is bounded: orjson reads 1 024 levels; and so are expressions: 50 brackets, 100 steps of a path)."""
_OPTIONS = """
[mypy]
follow_imports = skip
ignore_missing_imports = True

[mypy-parcours.*]
follow_imports = normal
"""
"""What others made counts as untyped, whether it is installed here or not: the same C comes of it everywhere."""
_BUILD = """
import sys
from mypyc.build import mypycify
from setuptools import setup
options, work, *modules = sys.argv[1:]
extensions = mypycify(
    [f"--config-file={options}", f"--cache-dir={work}/cache", *modules],
    opt_level="2", debug_level="0", target_dir=f"{work}/c", group_name="parcours",
)
setup(
    name="parcours", packages=[], ext_modules=extensions,
    script_args=["--quiet", "build_ext", f"--build-lib={work}/lib", f"--build-temp={work}/temp"],
)
"""


class NoCompiler(Exception):
    """The machine can't compile C for its Python."""


def modules() -> list[Path]:
    """The sources of what is compiled."""
    found = [path for pattern in MODULES for path in sorted((SOURCE / "parcours").glob(pattern))]
    return [path for path in found if path.name != "__init__.py"]


def compile_into(folder: Path) -> list[Path]:
    """The compiled modules below `folder`, at their places; their paths there. Raises NoCompiler."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if shutil.which(compiler) is None or not header.exists():
        raise NoCompiler(f"there is no {compiler}, or no {header} (Debian: apt-get install gcc libc6-dev python3-dev)")
    made_by = WORK / "made-by"
    this = f"{sys.version}\n{Path(__file__).read_text()}"
    if not made_by.exists() or made_by.read_text() != this:  # else only what has changed is compiled again
        shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True, exist_ok=True)
    options = WORK / "mypy.ini"
    options.write_text(_OPTIONS)
    names = [str(path.relative_to(SOURCE)) for path in modules()]
    environment = {**os.environ, "MYPYPATH": "."}
    built = subprocess.run(
        [sys.executable, "-c", _BUILD, str(options), str(WORK), *names],
        cwd=SOURCE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if built.returncode:
        raise SystemExit(f"{built.stdout}\nthe modules of the hot path could not be compiled")
    made_by.write_text(this)
    ending = sysconfig.get_config_var("EXT_SUFFIX")
    made: list[Path] = []
    for name in ("parcours__mypyc", *(name.removesuffix(".py") for name in names)):
        place = folder / f"{name}{ending}"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(WORK / "lib" / f"{name}{ending}", place)
        made.append(place)
    return made


def make_overlay() -> None:
    """The whole package in OVERLAY, compiled where that can be done; the designer is that of the sources."""
    shutil.rmtree(OVERLAY, ignore_errors=True)
    package = OVERLAY / "parcours"

    def left_out(folder: str, names: list[str]) -> set[str]:
        is_above = Path(folder) == (SOURCE / "parcours" / DESIGNER).parent
        return {name for name in names if name == "__pycache__" or (is_above and name == Path(DESIGNER).name)}

    shutil.copytree(SOURCE / "parcours", package, ignore=left_out)
    (package / DESIGNER).symlink_to(SOURCE / "parcours" / DESIGNER)
    try:
        compile_into(OVERLAY)
    except NoCompiler as error:
        print(f"Nothing is compiled: {error}")
    else:
        (OVERLAY / ".made").touch()


if __name__ == "__main__":
    make_overlay()
