# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Neural engines in an edit, from end to end: which models are found, and what jobs and panels say.

A frame takes the networks seconds on a processor, so such tests run on one Blender only, the one that most tests use;
what differs between Blenders does not differ by engine.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import bpy
import media
import pytest
import recording_layout
import sequencer
import talking
import worker_without


def require() -> None:
    """Skip where neural engines are not tested."""
    if bpy.app.version[:2] != (4, 5):
        pytest.skip("neural engines are tested with Blender 4.5 only")
    if not worker_without.has_package("torch"):
        pytest.skip("the Python of TALKINGHEAD_PYTHON has no torch")


def fresh_start() -> None:
    """No job, no worker, no driver that was read."""
    talking.fresh_start()
    talking.core("drivers.driver_tracks").forget_all()


def face_models(folder: Path) -> Path:
    """A new folder with the models that every engine uses, and no others."""
    folder.mkdir()
    for name in ("face_landmarker.task", "selfie_segmenter.tflite"):
        found = next(path for place in media.weight_folders() if (path := place / name).is_file())
        shutil.copy(found, folder)
    return folder


def find_models_in(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    """Have these folders of models looked at, and no others."""
    monkeypatch.setenv("TALKINGHEAD_WEIGHTS", os.pathsep.join(map(str, folders)))
    talking.core("worker.worker").stop()  # the next worker looks there


def acting_pictures(scene: Any, folder: Path) -> list[Path]:
    """Six pictures of an actor, so that few have to be looked at."""
    width, height = scene.render.resolution_x, scene.render.resolution_y
    strip = sequencer.add_movie(media.carphone())
    scene.render.resolution_x, scene.render.resolution_y = 176, 144
    files = [sequencer.render_frame(folder / f"actor{frame:04}.png", frame) for frame in range(1, 62, 12)]
    sequencer.strips().remove(strip)
    scene.render.resolution_x, scene.render.resolution_y = width, height
    return files


def state_text() -> str:
    """What the last job said in the end."""
    return talking.core("jobs.service").runner.state.text


def error_of_render() -> Any:
    """Why frames cannot be rendered."""
    with pytest.raises(RuntimeError):
        bpy.ops.talkinghead.render_frames()
    return talking.core("jobs.service").runner.state.error


def panel(name: str) -> recording_layout.RecordingLayout:
    """A panel, drawn."""
    return recording_layout.draw(getattr(bpy.types, f"TALKINGHEAD_PT_{name}"))
