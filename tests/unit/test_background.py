"""The processes behind the server."""

import subprocess
import sys


def test_they_load_nothing_that_answers_http() -> None:
    answering = {"fastapi", "starlette", "granian", "parcours.server", "parcours.edge", "parcours.http.app"}
    code = f"import sys, parcours.background; print(sorted(set(sys.modules) & {answering}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
