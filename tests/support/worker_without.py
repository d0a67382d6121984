# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's Python as it is before a package was installed: an environment that links to all its other packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def python_without(folder: Path, *packages: str) -> Path:
    """An interpreter like the one of TALKINGHEAD_PYTHON, but for some packages.

    Args:
        packages: how the names of their folders in ``site-packages`` begin.
    """
    given = os.environ["TALKINGHEAD_PYTHON"]
    subprocess.run([given, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    place = _site_packages(python)
    for entry in _site_packages(Path(given)).iterdir():
        if not entry.name.lower().startswith(packages):
            (place / entry.name).symlink_to(entry, target_is_directory=entry.is_dir())
    return python


def has_package(name: str) -> bool:
    """Whether the worker's Python has a package."""
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is None)"
    return subprocess.run([os.environ["TALKINGHEAD_PYTHON"], "-c", code], check=False).returncode == 0


def _site_packages(python: Path) -> Path:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip())
