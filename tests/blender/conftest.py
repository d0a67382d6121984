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


@pytest.fixture
def own_environment(addon: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The user named no interpreter and no models; what is set up is removed again."""
    import talking

    monkeypatch.delenv("TALKINGHEAD_PYTHON", raising=False)
    monkeypatch.delenv("TALKINGHEAD_WEIGHTS", raising=False)
    talking.fresh_start()
    worker = talking.core("worker.worker")
    worker.refresh()
    yield
    talking.core("worker.environment_setup").remove(worker.places())
    talking.fresh_start()
    talking.core("preferences").preferences().worker_python = ""
    monkeypatch.undo()  # the tests' named Python is there again before the add-on looks
    worker.refresh()


@pytest.fixture
def bare_setup(own_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Set-up installs nothing: an environment without packages is good enough. Gives back the module of the set-up."""
    from dataclasses import replace

    import talking

    worker, environment = talking.core("worker.worker"), talking.core("worker.environment")
    setup, setup_job = talking.core("worker.environment_setup"), talking.core("worker.setup_job")
    requirements = tmp_path / "base.txt"
    requirements.write_text("")
    nothing = lambda python, *_: [str(python), "-c", "pass"]  # noqa: E731
    monkeypatch.setattr(environment.Places, "requirements", lambda self, tier: requirements)
    monkeypatch.setattr(environment, "pip_command", nothing)
    monkeypatch.setattr(environment, "import_command", nothing)
    monkeypatch.setattr(setup, "inference_command", nothing)
    plan = worker.setup_plan()
    monkeypatch.setattr(
        setup_job.worker,
        "setup_plan",
        lambda tier="base": replace(
            plan, tier=tier, weights=(), online=True, build=worker.torch_build() if tier == "neural" else None
        ),
    )
    return setup


@pytest.fixture
def face_models(addon: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A worker that finds only the models that every engine uses."""
    import neural_edit
    import talking

    folder = neural_edit.face_models(tmp_path / "models")
    neural_edit.find_models_in(monkeypatch, folder)
    yield folder
    talking.core("worker.worker").stop()


@pytest.fixture
def redraw_jobs(addon: ModuleType) -> Iterator[None]:
    """No job and nothing that was read, where engines that draw films are tested; else the test is skipped."""
    import redraw_edit

    redraw_edit.require()
    redraw_edit.fresh_job()
    yield
    redraw_edit.fresh_job()


@pytest.fixture(scope="session")
def bare_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the environment of ``bare_worker`` is kept once it was made."""
    return tmp_path_factory.mktemp("bare") / "environment"


@pytest.fixture
def bare_worker(bare_setup: Any, bare_copy: Path) -> Any:
    """The environment of ``bare_setup`` is there; its worker cannot start, because it has no numpy."""
    import bpy
    import talking

    worker = talking.core("worker.worker")
    place = worker.places().environment("base")
    if bare_copy.exists():
        shutil.copytree(bare_copy, place, symlinks=True)
        worker.refresh()
        return bare_setup
    with pytest.raises(RuntimeError, match="could not start"):
        bpy.ops.talkinghead.set_up_worker()
    shutil.copytree(place, bare_copy, symlinks=True)
    return bare_setup
