# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact motion of a job reaches the engine frame by frame, is part of the frames' names, and needs no memory."""

from __future__ import annotations

import gc
import shutil
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import media
import numpy as np
import pytest
import tint_engine
from worker_host import ROOT, make_job, picture, saved_job

import inference.engines
from inference.acting import CaptureSpec, ExactMotion
from inference.engines.description import Takes
from inference.errors import ErrorCode, TalkingHeadError
from inference.job import Job, job_path, load, save
from inference.media.digests import Digests
from inference.media.images import read_image
from inference.performance import Performance
from inference.source import Source, SourceKind
from inference.worker.driver_places import LandmarkPlaces
from inference.worker.exact import FrameMotion
from inference.worker.preview import preview
from inference.worker.runner import run
from inference.worker.sessions import Sessions
from inference.worker.task import Task

LOWER_LIP, UPPER_BROW, LOWER_LID = 14, 105, 145
TAKING = replace(tint_engine.DESCRIPTION, takes=Takes(landmark_motion=True))


class LinearCapture:
    """Landmarks that go down by a hundredth a picture, those of the nose's base excepted."""

    def motion(self, position: float) -> np.ndarray:
        motion = np.full((468, 3), [0.0, 0.01 * position, 0.0])
        motion[[2, 98, 327, 94]] = 0
        return motion


@pytest.fixture
def sessions(tmp_path):
    tint_engine.register()
    opened = Sessions(media.weights(), Digests(), lambda: None, tmp_path / "cache")
    yield opened
    opened.unload()
    tint_engine.unregister()


@pytest.fixture
def asked(monkeypatch):
    """Requests that the tint engine gets, which takes motion here; the clip's capture is linear."""
    seen = []
    frames = tint_engine.TintSession.frames

    def watched(self, requests, quality):
        def noted():
            for request in requests:
                seen.append(request)
                yield request

        return frames(self, noted(), quality)

    monkeypatch.setattr(tint_engine.TintSession, "frames", watched)
    monkeypatch.setitem(
        inference.engines.ENGINES, "tint", replace(tint_engine.DESCRIPTION, takes=Takes(landmark_motion=True))
    )
    monkeypatch.setattr("inference.capture.read.captured", lambda spec, sessions, task: LinearCapture())
    return seen


def quiet() -> Task:
    return Task(lambda *args, **fields: None, lambda: None)


def exact(positions, mouth=1.0, brows=1.0, clip: str = "clip.mp4") -> ExactMotion:
    spec = CaptureSpec(Source(SourceKind.MOVIE, (clip,)))
    count = len(positions)
    return ExactMotion(spec, tuple(positions), (mouth,) * count, (brows,) * count)


def test_each_frame_gets_its_motion(tmp_path, sessions, asked):
    path = saved_job(tmp_path, 4, exact=exact([0.0, 2.5, None, 8.0], mouth=0.5, brows=2.0))
    run(quiet(), path, None, sessions)
    motions = {request.index: request.motion for request in asked}
    assert motions[0] is None and motions[2] is None
    for frame, position in ((1, 2.5), (3, 8.0)):
        assert motions[frame].shape == (468, 3) and motions[frame].dtype == np.float32
        assert motions[frame][LOWER_LIP, 1] == pytest.approx(0.5 * 0.01 * position, rel=1e-3)
        assert motions[frame][UPPER_BROW, 1] == pytest.approx(2 * 0.01 * position, rel=0.15)
        assert motions[frame][LOWER_LID, 1] == 0
        assert np.array_equal(motions[frame], motions[frame].astype(np.float16))


def test_names_change_only_where_something_moves(tmp_path, sessions, asked):
    names = {}
    for key, motion in (
        ("none", None),
        ("still", exact([0.0, 0.0, 0.0])),
        ("off", exact([1.0, 2.0, 3.0], mouth=0.0, brows=0.0)),
        ("moved", exact([None, 2.0, 2.0])),
        ("more", exact([None, 2.0, 3.0])),
    ):
        path = saved_job(tmp_path, 3, exact=motion)
        run(quiet(), path, None, sessions)
        names[key] = load(path).frame_files
    assert names["none"] == names["still"] == names["off"]
    assert names["moved"][0] == names["none"][0]
    assert names["moved"][1] != names["none"][1]
    assert names["more"][1] == names["moved"][1] and names["more"][2] != names["moved"][2]


def test_what_is_drawn_is_what_the_name_tells(sessions, asked, tmp_path):
    """Motions that differ by less than half precision are one frame; the drawn one is the rounded one."""
    nearly = [FrameMotion.of(make_job(tmp_path, 1, exact=exact([p])), sessions, quiet()) for p in (2.0, 2.00001, 2.1)]
    assert nearly[0].digest(0) == nearly[1].digest(0) != nearly[2].digest(0)
    assert np.array_equal(nearly[0].at(0), nearly[1].at(0))
    assert len(nearly[0].digest(0)) == 32


def test_an_engine_that_takes_no_motion_says_so(tmp_path, sessions):
    path = saved_job(tmp_path, 2, exact=exact([1.0, 2.0]))
    with pytest.raises(TalkingHeadError) as caught:
        run(quiet(), path, None, sessions)
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert "Tint cannot take exact motion" in caught.value.message
    assert "Exact off" in caught.value.hint


def test_a_missing_clip_is_told(tmp_path, sessions, monkeypatch):
    monkeypatch.setitem(
        inference.engines.ENGINES, "tint", replace(tint_engine.DESCRIPTION, takes=Takes(landmark_motion=True))
    )
    with pytest.raises(TalkingHeadError) as caught:
        run(quiet(), saved_job(tmp_path, 1, exact=exact([1.0], clip=str(tmp_path / "gone.mp4"))), None, sessions)
    assert caught.value.code is ErrorCode.SOURCE_MISSING


def test_the_preview_shows_the_motion(tmp_path, sessions, asked):
    picture(tmp_path)
    job = make_job(tmp_path, 1, exact=exact([3.0]))
    preview(job, 40, sessions, quiet())
    assert asked[-1].motion is not None
    preview(replace(job, exact=None), 40, sessions, quiet())
    assert asked[-1].motion is None


def test_memory_does_not_grow_with_the_number_of_frames(tmp_path, sessions, asked, monkeypatch):
    """Ten times as many frames of 1404 numbers each leave no more behind, and no more at once."""
    made = 200
    jobs = [make_job(tmp_path, n, exact=exact([i % 7 + 1.0 for i in range(n)])) for n in (made, 10 * made)]
    short, long = (FrameMotion.of(job, sessions, quiet()) for job in jobs)
    peaks = []
    for motion, count in ((short, made), (long, 10 * made)):
        motion.digest(0)
        gc.collect()
        tracemalloc.start()
        for frame in range(count):
            assert motion.at(frame) is not None
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 50_000


def test_requests_are_made_one_by_one(tmp_path, sessions, asked, monkeypatch):
    """The engine has got only a few more frames than it has given out."""
    resolved: list[int] = []
    at = LandmarkPlaces.at
    monkeypatch.setattr(LandmarkPlaces, "at", lambda self, frame: (resolved.append(frame), at(self, frame))[1])
    ahead: list[int] = []
    tinted = tint_engine.tinted
    path = saved_job(tmp_path, 30, exact=exact([float(i + 1) for i in range(30)]))

    def counted(picture, amount):
        ahead.append(len(resolved) - 30 - len(ahead))  # the plan has asked for all of them once
        return tinted(picture, amount)

    monkeypatch.setattr(tint_engine, "tinted", counted)
    run(quiet(), path, None, sessions)
    assert len(resolved) == 60
    assert max(ahead) <= 1


def test_a_saved_job_moves_with_its_folder(tmp_path):
    clip = tmp_path / "before" / "media" / "clip.mp4"
    clip.parent.mkdir(parents=True)
    job = make_job(tmp_path, 1, exact=exact([4.5], clip=str(clip)))
    folder = tmp_path / "before" / "frames"
    folder.mkdir()
    save(job, job_path(folder, "job"))
    (tmp_path / "before").rename(tmp_path / "after")
    moved: Job = load(job_path(tmp_path / "after" / "frames", "job"))
    assert moved.exact is not None and moved.exact.positions == (4.5,)
    assert Path(moved.exact.capture.source.files[0]) == tmp_path / "after" / "media" / "clip.mp4"


def test_the_render_command_watches_a_clip_once(tmp_path):
    """A saved job with exact motion, in parts: what was seen is kept where the option says."""
    shutil.copy(media.carphone(), tmp_path / "clip.mp4")
    source = Source(SourceKind.IMAGE, (str(media.astronaut()),))
    motion = exact([70.0, 70.5, None], clip=str(tmp_path / "clip.mp4"))
    performance = Performance.from_poses(Fraction(25), [{}] * 3)
    path = saved_job(tmp_path, 3, engine="puppet", source=source, performance=performance, exact=motion)
    weights = [word for folder in media.weight_folders() for word in ("--weights", str(folder))]
    kept = []
    for part in ("0", "0-2"):
        line = [sys.executable, "-m", "inference", "render", "--job", str(path), "--only", part]
        done = subprocess.run(
            [*line, "--cache", str(tmp_path / "cache"), *weights], capture_output=True, text=True, cwd=ROOT, timeout=120
        )
        assert done.returncode == 0, done.stderr
        kept.append([(p, p.stat().st_mtime_ns) for p in (tmp_path / "cache").rglob("recording.json")])
    assert "2 frames rendered, 1 reused" in done.stderr
    assert len(kept[0]) == 1 and kept[0] == kept[1]
    rest, moved = (read_image(tmp_path / load(path).frame_files[index]).pixels for index in (2, 0))
    assert np.array_equal(rest, read_image(media.astronaut()).pixels)
    assert not np.array_equal(moved, rest)
