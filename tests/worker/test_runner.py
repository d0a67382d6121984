# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runner where a real process cannot show it: disks that fail, engines that break their word."""

from __future__ import annotations

import errno
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import tint_engine
from worker_host import make_job, picture, saved_job

from inference.errors import ErrorCode, TalkingHeadError
from inference.job import load
from inference.media.digests import Digests
from inference.media.encode import write_frame
from inference.media.images import read_image
from inference.media.picture import Alpha, Picture
from inference.performance import Performance
from inference.source import Source, SourceKind
from inference.weights.store import WeightStore
from inference.worker.plan import remove_stale
from inference.worker.runner import run
from inference.worker.sessions import Sessions
from inference.worker.task import Task


@pytest.fixture
def sessions():
    tint_engine.register()
    opened = Sessions(WeightStore([]), Digests(), lambda: None)
    yield opened
    opened.unload()
    tint_engine.unregister()


def run_job(path: Path, sessions: Sessions, only: list[int] | None = None) -> list[tuple[str, dict[str, object]]]:
    told: list[tuple[str, dict[str, object]]] = []
    task = Task(lambda type_, payload=b"", **fields: told.append((type_, fields)), lambda: None)
    told.append(("done", run(task, path, only, sessions)))
    return told


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, ErrorCode.DISK_FULL), (errno.EROFS, ErrorCode.OUTPUT_NOT_WRITABLE),
     (errno.EACCES, ErrorCode.OUTPUT_NOT_WRITABLE)],
)  # fmt: skip
@pytest.mark.parametrize("at", [0, 1, 3])
def test_a_disk_that_fails(tmp_path, sessions, monkeypatch, number, code, at):
    """The first write is the job file's, the second the placeholder's, later ones are frames."""
    path = saved_job(tmp_path, 6)
    replace, calls = os.replace, []

    def failing(source: str, target: str) -> None:
        calls.append(target)
        if len(calls) > at:
            raise OSError(number, os.strerror(number), str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(TalkingHeadError) as caught:
        run_job(path, sessions)
    assert caught.value.code is code
    assert not list(tmp_path.glob(".*"))
    monkeypatch.undo()
    done = dict(run_job(path, sessions))["done"]
    assert done["rendered"] + done["reused"] == 6


@pytest.mark.parametrize("kind", ["16 bit", "half", "alpha"])
def test_frames_keep_the_depth_of_the_source(tmp_path, sessions, kind):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 65536, (20, 30, 4 if kind == "alpha" else 3), dtype=np.uint16)
    source = Picture(pixels, Alpha.STRAIGHT if kind == "alpha" else Alpha.NONE)
    if kind == "half":
        source = Picture(random.random((20, 30, 3)).astype(np.float16).astype(np.float32) * 4, half=True)
    file = tmp_path / f"s{source.extension}"
    write_frame(source, file)
    performance = Performance.from_poses(Fraction(25), [{}, {"jaw_open": 1.0}])
    path = saved_job(tmp_path, 2, source=Source(SourceKind.IMAGE, (str(file),)), performance=performance)
    run_job(path, sessions)
    rest, moved = (read_image(tmp_path / name) for name in load(path).frame_files)
    assert np.array_equal(rest.pixels, source.pixels)
    assert rest.half == source.half
    assert moved.pixels.dtype == source.pixels.dtype
    assert np.array_equal(moved.pixels[4:], source.pixels[4:])


def test_only_changed_frames_of_a_sequence(tmp_path, sessions):
    """The tint engine looks at one neighbour on each side, so one new picture changes three frames."""
    files = [picture(tmp_path, name=f"{number}.png", seed=number) for number in range(8)]
    source = Source(SourceKind.SEQUENCE, tuple(map(str, files)))
    path = saved_job(tmp_path, 8, source=source, pictures=tuple(range(8)))
    assert dict(run_job(path, sessions))["done"]["rendered"] == 8
    picture(tmp_path, name="5.png", seed=99)
    before = load(path).frame_files
    assert dict(run_job(path, sessions))["done"]["rendered"] == 3
    after = load(path).frame_files
    assert [index for index in range(8) if before[index] != after[index]] == [4, 5, 6]


def test_pictures_past_the_end_are_the_last_one(tmp_path, sessions):
    files = [picture(tmp_path, name=f"{number}.png", seed=number) for number in range(2)]
    performance = make_job(tmp_path, 1).performance
    values = np.repeat(performance.values, 4, axis=0)
    path = saved_job(
        tmp_path, 4, source=Source(SourceKind.SEQUENCE, tuple(map(str, files))), pictures=(0, 1, 2, 900),
        performance=Performance(performance.rate, values),
    )  # fmt: skip
    run_job(path, sessions)
    names = load(path).frame_files
    assert names[1] == names[2] == names[3] != names[0]


def test_a_second_run_opens_no_new_session(tmp_path, sessions, monkeypatch):
    opened = []
    open_ = tint_engine.TintEngine.open
    monkeypatch.setattr(tint_engine.TintEngine, "open", lambda *a: (opened.append(1), open_(*a))[1])
    path = saved_job(tmp_path, 4)
    run_job(path, sessions, [0])
    run_job(path, sessions, [1])
    assert len(opened) == 1
    picture(tmp_path, seed=5)
    run_job(path, sessions, [2])
    assert len(opened) == 2


def test_an_engine_that_changes_the_depth_is_refused(tmp_path, sessions, monkeypatch):
    monkeypatch.setattr(
        tint_engine, "tinted", lambda picture, amount: Picture(picture.pixels.astype(np.float32), picture.alpha)
    )
    with pytest.raises(TalkingHeadError) as caught:
        run_job(saved_job(tmp_path, 2), sessions)
    assert caught.value.code is ErrorCode.INTERNAL
    assert "depth" in caught.value.message


def test_an_engine_that_leaves_frames_out_is_told(tmp_path, sessions, monkeypatch):
    frames = tint_engine.TintSession.frames
    monkeypatch.setattr(tint_engine.TintSession, "frames", lambda self, r, q: list(frames(self, r, q))[:-1])
    with pytest.raises(TalkingHeadError) as caught:
        run_job(saved_job(tmp_path, 3), sessions)
    assert "2 of 3" in caught.value.message


def test_a_missing_source_changes_nothing(tmp_path, sessions):
    path = saved_job(tmp_path, 3)
    (tmp_path / "source.png").unlink()
    before = path.read_bytes()
    with pytest.raises(TalkingHeadError) as caught:
        run_job(path, sessions)
    assert caught.value.code is ErrorCode.SOURCE_MISSING
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_only_old_leftovers_are_removed(tmp_path):
    old, new = tmp_path / ".a.png-0123.part", tmp_path / ".b.png-4567.part"
    for leftover in (old, new):
        leftover.touch()
    os.utime(old, (0, 0))
    remove_stale(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [new.name]
