# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender as a Python module, apart from the user's own Blender: a folder of its own, the extension from its zip."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = "user_default"
MODULE = f"bl_ext.{REPOSITORY}.talkinghead"


@contextmanager
def own_user_folder() -> Iterator[Path]:
    """Redirect Blender's settings and extensions to a temporary folder; use it before ``bpy`` is imported."""
    if "bpy" in sys.modules:
        raise RuntimeError("bpy was imported before its user folder could be redirected")
    folder = tempfile.mkdtemp(prefix="talkinghead-blender-")
    os.environ["BLENDER_USER_RESOURCES"] = folder
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def install(package: Path) -> None:
    """Install an extension zip into the user's default repository and enable it.

    Raises:
        RuntimeError: Blender refused; its report is the message.
    """
    import bpy

    result = bpy.ops.extensions.package_install_files(
        filepath=str(package), repo=REPOSITORY, enable_on_install=True, overwrite=True
    )
    addons = bpy.context.preferences.addons
    if result != {"FINISHED"} or addons is None or MODULE not in addons:
        raise RuntimeError(f"Blender did not install and enable {package}")
