"""The files around the code agree with each other and with it."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from parcours import __version__

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
_PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)


def _pins(name: str) -> dict[str, str]:
    return dict(_PIN.findall((ROOT / name).read_text(encoding="utf-8")))


def test_the_version_is_the_same_everywhere() -> None:
    assert PROJECT["project"]["version"] == __version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[([^\]]+)\]", changelog, re.MULTILINE)
    assert versions[:2] == ["Unreleased", __version__]


def test_every_room_has_its_place_in_the_import_order() -> None:
    (contract,) = [c for c in PROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers"]
    ordered = {module.strip() for layer in contract["layers"] for module in layer.split("|")}
    package = ROOT / "src" / "parcours"
    rooms = {f"parcours.{path.parent.name}" for path in package.glob("*/__init__.py")}
    assert rooms <= ordered
    assert {f"parcours.{path.stem}" for path in package.glob("*.py")} | rooms >= ordered


def test_lock_files_agree_on_versions() -> None:
    everything = _pins("requirements-dev.lock")
    for name in ("requirements.lock", "requirements-build.lock"):
        pins = _pins(name)
        assert pins, name
        assert pins.items() <= everything.items(), name


def test_every_declared_dependency_is_locked() -> None:
    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0].lower().replace("_", "-") for text in requirements}

    assert names(PROJECT["project"]["dependencies"]) <= set(_pins("requirements.lock"))
    assert names(PROJECT["dependency-groups"]["dev"]) <= set(_pins("requirements-dev.lock"))
    assert names(PROJECT["build-system"]["requires"]) <= set(_pins("requirements-build.lock"))


def test_lock_files_name_no_place_to_download_from() -> None:
    for path in ROOT.glob("requirements*.lock"):
        assert "://" not in path.read_text(encoding="utf-8"), path.name


def test_make_alone_lists_every_target_meant_for_people() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("setup", "demo", "serve", "check", "test", "bench", "lock", "clean"):
        assert re.search(rf"^  make {target} +\S", listed, re.MULTILINE), target


@pytest.mark.parametrize("path", [".ci/run", "scripts/create-venv.sh", "scripts/install-system-packages.sh"])
def test_scripts_can_be_executed_and_parsed(path: str) -> None:
    script = ROOT / path
    assert os.access(script, os.X_OK)
    shell = script.read_text(encoding="utf-8").splitlines()[0].removeprefix("#!").split()[-1]
    subprocess.run([shell, "-n", str(script)], check=True)


def _fake_python(folder: Path, version: str, has_venv: bool, name: str = "python", nanoseconds: int = 1) -> Path:
    """One that says how fast it is, and makes an environment that holds nothing but its name."""
    path = folder / name
    minor = version.split(".")[1]
    path.write_text(
        f"""#!/bin/sh
case "$*" in
    *"%d.%d"*) echo {version} ;;
    *version_info*) [ {minor} -ge 11 ] ;;
    *ensurepip*) [ {int(has_venv)} = 1 ] ;;
    *realpath*) echo {path} ;;
    *timeit*) echo {nanoseconds} ;;
    "-m venv --clear "*) echo {name} > "$4" ;;
    *) exit 9 ;;
esac
"""
    )
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("version", "has_venv", "said"),
    [
        ("3.10", True, "needs Python 3.11 or newer"),
        ("3.12", False, "apt-get install python3.12-venv"),
    ],
)
def test_a_python_that_does_not_do_is_told_in_a_sentence(
    tmp_path: Path, version: str, has_venv: bool, said: str
) -> None:
    environment = {**os.environ, "PYTHON": str(_fake_python(tmp_path, version, has_venv)), "PARCOURS_NO_APT": "1"}
    done = subprocess.run(
        [str(ROOT / "scripts/create-venv.sh"), str(tmp_path / "venv")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize(
    ("nanoseconds", "chosen"),
    [((100, 50, 45), "python3.12"), ((100, 90, 95), "python3.11"), ((40, 60, 90), "python3.11")],
)
def test_of_several_pythons_the_fastest_is_taken_and_of_equal_ones_the_first(
    tmp_path: Path, nanoseconds: tuple[int, int, int], chosen: str
) -> None:
    for minor, ns in zip(("11", "12", "13"), nanoseconds, strict=True):
        _fake_python(tmp_path, f"3.{minor}", True, f"python3.{minor}", ns)
    _fake_python(tmp_path, "3.10", True, "python3.14", 1)  # too old, whatever it is called
    environment = {**os.environ, "PYTHON": "", "PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(
        [str(ROOT / "scripts/create-venv.sh"), str(tmp_path / "venv")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert f"with {chosen} (" in done.stdout
    assert (tmp_path / "venv").read_text().strip() == chosen
