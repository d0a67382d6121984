# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thin-Plate Spline through the worker with whole networks, whose weights are seeded: a whole figure and a movie.

They draw noise, so only what must hold for any weights is looked at.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import acting_clips
import cv2
import media
import numpy as np
import pytest
import tpsmm_weights
from worker_host import ROOT

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

pytest.importorskip("torch", reason="Thin-Plate Spline needs PyTorch")

WHOLE = {"model": "taichi", "area": "whole"}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    weights = WeightStore([tpsmm_weights.official_folder(), *media.weight_folders()])
    opened = Sessions(weights, Digests(), lambda: None, tmp_path_factory.mktemp("cache"))
    yield opened
    opened.unload()


def figure(turn: int = 0) -> np.ndarray:
    """A drawn figure without a face, (288, 216, 3) uint8, that lifts an arm with each turn."""
    picture = np.full((288, 216, 3), (210, 190, 170), np.uint8)
    cv2.circle(picture, (108, 60), 28, (60, 90, 200), -1)
    cv2.line(picture, (108, 88), (108, 190), (40, 160, 40), 26)
    cv2.line(picture, (108, 110), (170, 150 - 12 * turn), (40, 160, 200), 14)
    cv2.line(picture, (108, 110), (46, 150), (200, 160, 40), 14)
    cv2.line(picture, (108, 190), (76, 270), (120, 60, 40), 18)
    cv2.line(picture, (108, 190), (140, 270), (40, 60, 120), 18)
    return picture


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Source:
    path = tmp_path_factory.mktemp("figure") / "figure.png"
    assert cv2.imwrite(str(path), figure())
    return Source(SourceKind.IMAGE, (str(path),))


@pytest.fixture(scope="module")
def dance(tmp_path_factory) -> Source:
    return acting_clips.movie(tmp_path_factory.mktemp("dance") / "dance.mp4", [figure(turn) for turn in range(5)])


def job_of(source: Source, dance: Source, positions, **fields) -> Job:
    ones = (1.0,) * len(positions)
    exact = ExactMotion(CaptureSpec(dance, whole=True), tuple(positions), ones, ones, ones, ones)
    poses = fields.pop("poses", [{}] * len(positions))
    return Job(
        id="job",
        name="test",
        engine="tpsmm",
        settings={**WHOLE, **fields.pop("settings", {})},
        source=source,
        face=FaceChoice(),
        pictures=(0,) * len(positions),
        performance=Performance.from_poses(Fraction(25), poses),
        **{"exact": exact, **fields},
    )


def rendered(folder: Path, job: Job, sessions: Sessions, task: Task | None = None) -> tuple[list[np.ndarray], dict]:
    """The frames' pixels and what the runner answered."""
    path = job_path(folder, job.id)
    save(job, path)
    done = run(task or acting_clips.task(), path, None, sessions)
    return [read_image(folder / name).pixels for name in load(path).frame_files], done


def test_a_movie_moves_a_figure_without_a_face(tmp_path, sessions, drawn, dance):
    stages: list[str] = []

    def send(type_, payload=b"", **fields):
        stages.append(str(fields.get("stage")))

    job = job_of(drawn, dance, [0.0, 2.0, None])
    frames, done = rendered(tmp_path, job, sessions, Task(send, lambda: None))
    assert done["rendered"] == 3 and done["warnings"] == []
    assert np.array_equal(frames[2], figure())
    assert all(frame.shape == figure().shape for frame in frames)
    assert not np.array_equal(frames[1], frames[2])
    assert "looking for cuts in the driver" in stages and "preparing the source" in stages
    assert "finding the face" not in stages and "watching the driver" not in stages
    # One place in the clip moved: the other frames stay.
    again, done = rendered(tmp_path, job_of(drawn, dance, [0.0, 3.5, None]), sessions)
    assert (done["rendered"], done["reused"]) == (1, 2)
    assert np.array_equal(again[0], frames[0]) and not np.array_equal(again[1], frames[1])
    # The figure's own sliders are part of the names as well.
    _, done = rendered(tmp_path, job_of(drawn, dance, [0.0, 3.5, None], poses=[{}, {}, {"tpsmm_turn": 5.0}]), sessions)
    assert (done["rendered"], done["reused"]) == (1, 2)


def test_a_preview_shows_the_figure(sessions, drawn, dance):
    pixels, size = preview(job_of(drawn, dance, [2.0]), 144, sessions, acting_clips.task())
    assert pixels.shape == (144, 108, 4) and size == (216, 288)
    still, _ = preview(job_of(drawn, dance, [None]), 144, sessions, acting_clips.task())
    assert not np.array_equal(pixels, still)


def test_a_canceled_render_keeps_what_is_done(tmp_path, sessions, drawn, dance):
    job = job_of(drawn, dance, [0.0, 1.0, 2.0, 3.0])
    made: list[int] = []

    def send(type_, payload=b"", **fields):
        if type_ == "frame":
            made.append(fields["index"])

    def check():
        if made:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    with pytest.raises(TalkingHeadError) as caught:
        rendered(tmp_path, job, sessions, Task(send, check))
    assert caught.value.code is ErrorCode.CANCELLED and 1 <= len(made) < 4
    _, done = rendered(tmp_path, job, sessions)
    assert done["reused"] >= len(made) and done["rendered"] == 4 - done["reused"]


def test_a_face_is_needed_where_the_face_is_animated(tmp_path, sessions, drawn, dance):
    job = job_of(drawn, dance, [1.0], settings={"area": "face", "model": "vox"})
    face = replace(job, exact=None, performance=Performance.from_poses(Fraction(25), [{"head_yaw": 5.0}]))
    with pytest.raises(TalkingHeadError) as caught:
        rendered(tmp_path, face, sessions)
    assert caught.value.code is ErrorCode.NO_FACE
    # A clip that was read whole has no landmarks for it, which is told.
    portrait = replace(job, source=Source(SourceKind.IMAGE, (str(media.astronaut()),)))
    with pytest.raises(TalkingHeadError) as caught:
        rendered(tmp_path, portrait, sessions)
    assert "without looking for a face" in caught.value.message


def test_memory_is_given_back(tmp_path, sessions, drawn, dance):
    rendered(tmp_path, job_of(drawn, dance, [1.0]), sessions)
    assert "tpsmm" in sessions.loaded()
    sessions.rest()
    assert sessions.loaded() == []
    rendered(tmp_path, job_of(drawn, dance, [1.0, 2.5]), sessions)
    assert sessions.unload_large() == ["tpsmm"]


def test_missing_models_are_told_with_what_mends_it(tmp_path, drawn, dance):
    sessions = Sessions(WeightStore(media.weight_folders()), Digests(), lambda: None, tmp_path / "cache")
    with pytest.raises(TalkingHeadError) as caught:
        rendered(tmp_path, job_of(drawn, dance, [1.0]), sessions)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING and caught.value.action is Action.GET_MODELS


def test_the_command_line_moves_a_figure_by_a_movie(tmp_path, drawn, dance):
    folders = [tpsmm_weights.official_folder(), *media.weight_folders()]
    weights = [word for folder in folders for word in ("--weights", str(folder))]
    line = [
        sys.executable, "-m", "inference", "render", "--engine", "tpsmm", "--source", drawn.files[0],
        "--driver", dance.files[0], "--setting", "model=taichi", "--setting", "area=whole", "--rate", "10",
        "--output", str(tmp_path / "frames"), "--cache", str(tmp_path / "cache"), *weights,
    ]  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, timeout=600)
    assert done.returncode == 0, done.stderr
    frames = [read_image(path).pixels for path in sorted((tmp_path / "frames").glob("frame_*.png"))]
    assert len(frames) == 2 and not np.array_equal(frames[0], frames[1])
