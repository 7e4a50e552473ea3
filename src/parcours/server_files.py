"""Folders a server makes anew at each start; imported before anything that measures."""

import shutil
from pathlib import Path


def clear_folder(folder: Path) -> None:
    """Empty it, making it when absent."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
