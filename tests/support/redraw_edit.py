# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines that redraw in an edit, from end to end, with tiny seeded models: small squares, few steps and frames."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
import driving
import neural_edit
import numbered
import numpy as np
import pytest
import sequencer
import talking
import worker_without

AT_ONCE = 16
STEPS = 2


def require() -> None:
    """Skip where engines that redraw are not tested."""
    neural_edit.require()
    if not worker_without.has_package("diffusers"):
        pytest.skip("the Python of TALKINGHEAD_PYTHON has no diffusers")


@contextmanager
def found_models(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[None]:
    """A worker that finds these models and the ones that every engine uses, and serves all tests inside."""
    faces = neural_edit.face_models(tmp_path_factory.mktemp("face") / "models")
    with pytest.MonkeyPatch.context() as monkeypatch:
        neural_edit.find_models_in(monkeypatch, faces, models)
        yield
        neural_edit.fresh_start()


def fresh_job() -> None:
    """No job and nothing that was read; the worker goes on, so that its packages are imported once for all tests."""
    runner = talking.core("jobs.service").runner
    runner.drop("a test begins")
    runner.forget()
    talking.core("jobs.service").queue.forget_all()
    talking.core("preview.preview").stop()
    talking.core("drivers.driver_tracks").forget_all()
    talking.core("preferences").preferences().consent = True


def portrait(path: Path, engine: str, length: int = 2) -> Any:
    """An animated portrait that is redrawn small and quickly."""
    strip = talking.animated(path, length=length)
    strip.th_engine = engine
    quick = {"size": "256", "steps": STEPS, "guidance": 1.0, "frames_at_once": AT_ONCE, "seed": 7}
    for name, value in quick.items():
        setattr(strip, f"th_{engine}_{name}", value)
    return strip


def add_clip(scene: Any, strip: Any, folder: Path) -> Any:
    """Let a strip of a few pictures act on a portrait, by itself."""
    with talking.core("worker.memory").own_render():  # else the worker would free the engine for Blender's render
        pictures = neural_edit.acting_pictures(scene, folder)
    clip = numbered.add_sequence(scene, pictures, "Actor", channel=5, start=1)
    driving.act(strip, clip, acting_exact=True)
    sequencer.select(strip)
    return clip


def add_voice(strip: Any, folder: Path) -> Any:
    """Let a sound strip speak, which moves the mouth from the strip's first frame on."""
    if not bpy.app.build_options.audaspace:
        pytest.skip("this Blender was built without sound")
    path = driving.write_vowels(folder / "vowels.wav")
    voice = sequencer.strips().new_sound(name="Voice", filepath=str(path), channel=5, frame_start=-14)
    driving.speak(strip, voice, strength_blinks=0.0, strength_sway=0.0)
    sequencer.select(strip)
    return voice


def render() -> str:
    """Render the active strip's frames; how it ended."""
    assert bpy.ops.talkinghead.render_frames() == {"FINISHED"}
    return neural_edit.state_text()


def shown(strip: Any) -> list[np.ndarray]:
    """(H, W, 4) uint8 of each frame of the result."""
    return [talking.pixels(file) for file in talking.frame_files(strip)]


def check_redrawn(pictures: list[np.ndarray], source: np.ndarray) -> None:
    """The face is drawn anew in each frame; what lies outside of the square is the source's."""
    for picture in pictures:
        changed = np.any(picture != source, axis=2)
        assert 0.02 < changed.mean() < 0.9
        assert not (changed[0, 0] or changed[0, -1])


def performed(strip: Any, control: str) -> np.ndarray:
    """(frames,) values of a slider in the job of the last render."""
    (path,) = talking.frame_files(strip)[0].parent.glob("*.job.json")
    job = talking.shared("job").load(path)
    return job.performance.values[:, talking.shared("controls").POSE_NAMES.index(control)]


def kept_sections(kind: str = "films") -> Path:
    """Folder of the sections that the worker keeps, of films or of chains."""
    return talking.core("worker.worker").places().user / "cache" / kind


def forget_film(strip: Any, kind: str = "films") -> dict[str, bytes]:
    """Take all frames and all kept sections of a film off the disk; what the frames' files held, by name."""
    files = talking.frame_files(strip)
    content = {file.name: file.read_bytes() for file in files}
    for file in set(files):
        file.unlink()
    shutil.rmtree(kept_sections(kind))
    return content


def interrupt(strip: Any, wanted: str = "section 2 of 2") -> None:
    """Render until a section is being drawn, and cancel then."""
    runner = talking.start_render(strip)
    talking.step_until(runner, lambda state: state.in_steps and wanted in state.text, 100_000)
    runner.cancel()
    assert talking.step_to_end(runner, 100_000).phase.value == "cancelled"
