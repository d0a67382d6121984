# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports the bpy-free modules of the Blender side from the source tree, where they have no parent package."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
PACKAGE = "talkinghead_source"


def source_module(name: str) -> ModuleType:
    """A module by its dotted name in the project, such as ``blender_talkinghead.worker.client``."""
    _package(PACKAGE, ROOT)
    # The package's own __init__ imports what needs bpy, so an empty one stands in for it.
    _package(f"{PACKAGE}.blender_talkinghead", ROOT / "blender_talkinghead")
    return importlib.import_module(f"{PACKAGE}.{name}")


def _package(name: str, folder: Path) -> None:
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package
