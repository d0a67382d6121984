# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests that run inside a headless Blender (the ``bpy`` package), against the installed zip.

Without ``bpy`` every file here is skipped with that reason.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HAS_BPY = importlib.util.find_spec("bpy") is not None

if HAS_BPY:
    # Before bpy is imported: no test may see or touch the user's own Blender settings.
    if "bpy" in sys.modules:
        raise RuntimeError("bpy was imported before its user folder could be redirected")
    _resources = tempfile.mkdtemp(prefix="talkinghead-blender-")
    os.environ["BLENDER_USER_RESOURCES"] = _resources
    os.environ.pop("PYTHONPATH", None)


class _NeedsBlender(pytest.Module):
    def collect(self) -> Any:
        pytest.skip("needs the bpy package", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Without bpy, skip each file instead of failing on its imports."""
    return None if HAS_BPY else _NeedsBlender.from_parent(parent, path=module_path)


def pytest_sessionfinish() -> None:
    """Remove the redirected user folder."""
    if HAS_BPY:
        shutil.rmtree(_resources, ignore_errors=True)


@pytest.fixture(scope="session")
def extension_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip under test: TALKINGHEAD_ZIP, or built from the working tree."""
    import installed_extension

    return installed_extension.zip_to_test(tmp_path_factory.mktemp("zip"))


@pytest.fixture(scope="session")
def addon(extension_zip: Path) -> ModuleType:
    """The enabled extension's package, ``bl_ext.user_default.talkinghead``."""
    import installed_extension

    installed_extension.install(extension_zip)
    return installed_extension.module()


@pytest.fixture(autouse=True)
def empty_file(addon: ModuleType) -> Iterator[None]:
    """Each test starts in an empty, unsaved file with the extension enabled."""
    import bpy
    import installed_extension

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    if not installed_extension.is_enabled():
        installed_extension.enable()
    yield


@pytest.fixture
def scene() -> Any:
    """The current scene with a sequence editor: 512 x 512, 24 fps, frames 1 to 24, no view transform."""
    import bpy
    import sequencer

    scene = bpy.context.scene
    sequencer.make_editor(scene)
    scene.render.resolution_x = scene.render.resolution_y = 512
    scene.render.resolution_percentage = 100
    scene.render.fps, scene.render.fps_base = 24, 1.0
    scene.frame_start, scene.frame_end = 1, 24
    scene.view_settings.view_transform = "Standard"
    return scene


@pytest.fixture
def saved_file(scene: Any, tmp_path: Path) -> Path:
    """The current file, saved in a temporary folder, so that ``//`` paths mean something."""
    import bpy

    path = tmp_path / "edit.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


@pytest.fixture
def astronaut(tmp_path: Path) -> Path:
    """A portrait, copied to a temporary folder."""
    import media

    return Path(shutil.copy(media.astronaut(), tmp_path / "astronaut.png"))


@pytest.fixture
def hopper(tmp_path: Path) -> Path:
    """A portrait with spectacles, copied to a temporary folder."""
    import media

    return Path(shutil.copy(media.hopper(), tmp_path / "hopper.jpg"))
