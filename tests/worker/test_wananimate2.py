# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate-2 through the worker, with tiny networks in the folder that is given out: a picture and a clip to files.

How films are gone on with is tested with the session, in ``tests/inference/engines/pipelines``.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import media
import numpy as np
import pytest

pytest.importorskip("diffusers")

import wananimate2_tiny

from inference.acting import CaptureSpec, ExactMotion
from inference.engines.wananimate.canvas import DrawnCanvas
from inference.errors import ErrorCode, TalkingHeadError
from inference.job import Job, job_path, load, save
from inference.media.digests import Digests
from inference.media.images import read_image
from inference.performance import Performance
from inference.source import FaceChoice, Source, SourceKind
from inference.weights.store import WeightStore
from inference.weights.wan import ANIMATE2_DISTILLED
from inference.worker.runner import run
from inference.worker.sessions import Sessions
from inference.worker.task import Task

FRAMES = 6
QUICK = {"model": "distilled", "steps": 1, "guidance": 1.0, "frames_at_once": 5, "precision": "full"}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Films of 64 x 64 px."""
    monkeypatch.setattr(DrawnCanvas, "of", classmethod(lambda canvas, size, side_px: canvas(64, 64)))


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    models = wananimate2_tiny.diffusers_folder(tmp_path_factory.mktemp("models"), ANIMATE2_DISTILLED)
    weights = WeightStore([models, *media.weight_folders()])
    opened = Sessions(weights, Digests(), lambda: None, tmp_path_factory.mktemp("cache"))
    yield opened
    opened.unload()


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> tuple[str, ...]:
    """Pictures of a light that goes from left to right; there is no face in them."""
    folder = tmp_path_factory.mktemp("clip")
    paths = []
    for number in range(FRAMES):
        shown = np.zeros((48, 64, 3), np.uint8)
        shown[10:38, 8 * number : 8 * number + 20] = (40, 160, 220)
        paths.append(str(folder / f"{number}.png"))
        cv2.imwrite(paths[-1], shown)
    return tuple(paths)


def rendered(folder: Path, sessions: Sessions, exact: ExactMotion | None) -> list[np.ndarray]:
    job = Job(
        id="job",
        name="test",
        engine="wananimate2",
        source=Source(SourceKind.IMAGE, (str(media.astronaut()),)),
        face=FaceChoice(),
        pictures=(0,) * FRAMES,
        performance=Performance.from_poses(Fraction(24), [{}] * FRAMES),
        settings=QUICK,
        exact=exact,
    )
    path = job_path(folder, job.id)
    save(job, path)
    run(Task(lambda *args, **fields: None, lambda: None), path, None, sessions)
    return [read_image(folder / name).pixels for name in load(path).frame_files]


def test_a_film_from_the_folder_that_is_given_out(tmp_path, sessions, clip):
    shown, full = CaptureSpec(Source(SourceKind.SEQUENCE, clip), whole=True), (1.0,) * FRAMES
    frames = rendered(tmp_path, sessions, ExactMotion(shown, tuple(map(float, range(FRAMES))), full, full))
    assert len(frames) == FRAMES and {frame.shape for frame in frames} == {read_image(media.astronaut()).pixels.shape}
    assert all(np.abs(one.astype(int) - other).max() > 0 for one, other in pairwise(frames))


def test_without_a_clip(tmp_path, sessions):
    with pytest.raises(TalkingHeadError) as caught:
        rendered(tmp_path, sessions, None)
    assert caught.value.code is ErrorCode.INVALID_REQUEST and "driving clip" in caught.value.message
