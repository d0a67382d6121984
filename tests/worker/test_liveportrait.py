# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait through the worker with whole networks, whose weights are seeded: they draw noise, so only what must
hold for any weights is looked at.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import acting_clips
import cv2
import liveportrait_weights
import media
import numpy as np
import pytest
from acting_clips import carphone
from faces import picture

from inference.acting import CaptureSpec, ExactMotion
from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.job import Job, job_path, load, save
from inference.media.digests import Digests
from inference.media.images import read_image
from inference.performance import Performance
from inference.source import FaceChoice, Source, SourceKind
from inference.weights.store import WeightStore
from inference.worker.preview import preview
from inference.worker.runner import run
from inference.worker.sessions import Sessions
from inference.worker.task import Task

pytest.importorskip("torch", reason="LivePortrait needs PyTorch")

# Without the colours' measure a still costs one decoding less.
QUICK = {"colour_match": False, "crop_scale": 1.8}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    weights = WeightStore([liveportrait_weights.official_folder(), *media.weight_folders()])
    opened = Sessions(weights, Digests(), lambda: None, tmp_path_factory.mktemp("cache"))
    yield opened
    opened.unload()


def portrait() -> Source:
    return Source(SourceKind.IMAGE, (str(media.astronaut()),))


def job_of(poses, source: Source | None = None, pictures=None, **fields) -> Job:
    values = {"settings": QUICK, "face": FaceChoice(), **fields}
    return Job(
        id="job",
        name="test",
        engine="liveportrait",
        source=source or portrait(),
        pictures=tuple(pictures or [0] * len(poses)),
        performance=Performance.from_poses(Fraction(25), poses),
        **values,
    )


def rendered(folder: Path, job: Job, sessions: Sessions, only=None) -> tuple[list[np.ndarray], dict]:
    """The frames' pixels and what the runner answered."""
    path = job_path(folder, job.id)
    save(job, path)
    done = run(acting_clips.task(), path, only, sessions)
    files = [folder / name for name in load(path).frame_files]
    return [read_image(file).pixels for file in files if file.exists()], done


def acting(source: Source, positions) -> ExactMotion:
    ones = (1.0,) * len(positions)
    return ExactMotion(CaptureSpec(source), tuple(positions), ones, ones, ones, ones)


def test_sliders_redraw_the_face_and_nothing_else(tmp_path, sessions):
    job = job_of([{}, {"head_yaw": 10.0, "mouth_smile": 0.5}])
    (rest, moved), done = rendered(tmp_path, job, sessions)
    source = picture("astronaut")
    assert np.array_equal(rest, source)
    changed = (moved != source).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert 0.05 < changed.mean() < 0.25
    assert rows.max() < 260 and 100 < columns.min() and columns.max() < 350
    assert done["warnings"] == [] and done["rendered"] == 2
    # Alone, in a session of its own, the same pixels.
    sessions.close()
    (tmp_path / "alone").mkdir()
    (alone,), _ = rendered(tmp_path / "alone", job, sessions, only=[1])
    assert np.array_equal(alone, moved)


def test_a_clip_drives_a_portrait(tmp_path, sessions):
    clip = acting_clips.sequence(tmp_path / "clip", carphone()[:40:10])
    stages: list[str] = []

    def send(type_, payload=b"", **fields):
        stages.append(str(fields.get("stage")))

    job = job_of([{}, {}, {}], exact=acting(clip, [0.0, 1.5, None]))
    path = job_path(tmp_path, job.id)
    save(job, path)
    run(Task(send, lambda: None), path, None, sessions)
    frames = [read_image(tmp_path / name).pixels for name in load(path).frame_files]
    assert np.array_equal(frames[2], picture("astronaut"))
    assert not np.array_equal(frames[0], frames[1])
    assert "watching the driver" in stages and "reading the driver's motion" in stages
    # The motion is known now, also to a worker that begins anew.
    stages.clear()
    sessions.close()
    run(Task(send, lambda: None), path, None, sessions)
    shown, size = preview(job_of([{}], exact=acting(clip, [1.5])), 256, sessions, Task(send, lambda: None))
    assert shown.shape == (256, 256, 4) and size == (512, 512)
    assert "reading the driver's motion" not in stages


def test_a_moving_source_is_redrawn_picture_by_picture(tmp_path, sessions):
    shot = list(carphone()[:3])
    source = acting_clips.sequence(tmp_path / "shot", shot)
    frames, _ = rendered(tmp_path, job_of([{}, {"jaw_open": 0.5}], source, [0, 2]), sessions)
    assert np.array_equal(frames[0], shot[0])
    changed = (frames[1] != shot[2]).any(axis=2)
    assert changed.any() and not changed.all()


@pytest.mark.parametrize("depth", ["16 bit", "scene-linear with alpha"])
def test_depth_and_alpha_are_kept(tmp_path, sessions, depth):
    small = cv2.resize(picture("astronaut"), (256, 256), interpolation=cv2.INTER_AREA)
    if depth == "16 bit":
        pixels, name = small.astype(np.uint16) * 257, "deep.png"
    else:
        alpha = np.full((256, 256, 1), 0.5, np.float32)
        linear = (small / 255).astype(np.float32) ** 2.2 * alpha
        pixels, name = np.concatenate([linear, alpha], axis=2), "deep.exr"
    if name.endswith(".exr"):
        from inference.media import exr

        (tmp_path / name).write_bytes(exr.encode(pixels, half=True))
    else:
        assert cv2.imwrite(str(tmp_path / name), pixels)
    source = Source(SourceKind.IMAGE, (str(tmp_path / name),))
    before = read_image(tmp_path / name).pixels
    (moved,), _ = rendered(tmp_path, job_of([{"head_yaw": 5.0}], source), sessions)
    assert moved.dtype == before.dtype and moved.shape == before.shape
    changed = (moved != before).any(axis=2)
    assert changed.any() and not changed[200:].any()
    if before.shape[2] == 4:
        assert np.array_equal(moved[..., 3], before[..., 3])


def test_missing_models_are_told_before_anything_is_done(tmp_path):
    sessions = Sessions(WeightStore(media.weight_folders()), Digests(), lambda: None, tmp_path / "cache")
    with pytest.raises(TalkingHeadError) as caught:
        rendered(tmp_path, job_of([{"jaw_open": 1.0}]), sessions)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING and caught.value.action is Action.GET_MODELS
    assert "LivePortrait" in caught.value.message


def test_missing_pytorch_is_told_with_what_mends_it(tmp_path, sessions, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("inference.engines.liveportrait.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    sessions.unload()
    with pytest.raises(TalkingHeadError) as caught:
        rendered(tmp_path, job_of([{"jaw_open": 1.0}]), sessions)
    assert caught.value.code is ErrorCode.PACKAGE_MISSING and caught.value.action is Action.INSTALL_NEURAL
    assert caught.value.message == "LivePortrait lacks the Python package torch."
