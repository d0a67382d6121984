# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A driving clip on the command line of render."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import acting_clips
import numpy as np
import pytest
from worker_host import make_job, picture

import inference.engines
from inference.acting import CaptureSpec
from inference.cli import build_parser
from inference.controls import POSE_NAMES
from inference.engines.description import EngineDescription
from inference.motion.track import REST, Track
from inference.performance import Performance
from inference.source import Source, SourceKind
from inference.worker.render_command import make_job as job_of_options
from inference.worker.render_driver import Driver

YAW, JAW, BROW, OPEN = (POSE_NAMES.index(name) for name in ("head_yaw", "jaw_open", "brow", "eye_open"))


def driver(file: str = "actor.mp4", rate: Fraction = Fraction(50), count: int = 11) -> Driver:
    """A head that turns by a degree a picture while the mouth opens."""
    values = np.tile(REST, (count, 1))
    values[:, YAW] = np.arange(count)
    values[:, JAW] = np.arange(count) / 20
    values[:, OPEN] = 0.5
    return Driver(CaptureSpec(Source(SourceKind.MOVIE, (file,))), Track(rate, values))


def driven(engine: str, count: int = 4, **of_driver):
    job = make_job_of(engine, count)
    return driver(**of_driver).drives(job)


def make_job_of(engine: str, count: int):
    performance = Performance.from_poses(Fraction(25), [{"head_yaw": 2.0, "brow": 0.25}] * count)
    return make_job(Path(), count, engine=engine, performance=performance)


def test_liveportrait_is_shown_the_clip_itself():
    job = driven("liveportrait")
    assert job.exact.positions == (0.0, 2.0, 4.0, 6.0)
    assert job.exact.head == job.exact.eyes == job.exact.brows == job.exact.mouth == (1.0,) * 4
    assert (job.performance.values[:, YAW] == 2.0).all() and (job.performance.values[:, JAW] == 0.0).all()


def test_the_puppet_gets_head_and_eyes_as_sliders():
    job = driven("puppet")
    assert job.exact.mouth == job.exact.brows == (1.0,) * 4 and job.exact.head == job.exact.eyes == (0.0,) * 4
    values = job.performance.values
    assert values[:, YAW].tolist() == [2.0, 4.0, 6.0, 8.0]
    assert (values[:, OPEN] == 0.5).all() and (values[:, JAW] == 0.0).all()
    assert (values[:, BROW] == 0.25).all()


def test_a_template_moves_the_puppet_by_sliders_alone():
    job = driven("puppet", file="motion.pkl")
    assert job.exact is None
    assert job.performance.values[:, JAW].tolist() == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert driven("liveportrait", file="motion.pkl").exact is not None


def test_an_engine_that_knows_sliders_only_gets_all_of_them(monkeypatch):
    plain = EngineDescription("plain", "Plain", 1, "", "", "base", "plain")
    monkeypatch.setitem(inference.engines.ENGINES, "plain", plain)
    job = driven("plain")
    assert job.exact is None and job.performance.values[3, JAW] == pytest.approx(0.3)


def test_the_end_of_the_clip_is_held():
    job = driven("liveportrait", count=9)
    assert job.exact.positions[-3:] == (10.0, 10.0, 10.0)


@pytest.mark.parametrize(
    ("options", "frames", "rate"),
    [((), 11, 50), (("--rate", "25"), 6, 25), (("--rate", "30000/1001"), 7, Fraction(30000, 1001))],
)
def test_a_still_lasts_as_long_as_its_driver(tmp_path, options, frames, rate):
    line = ["render", "--source", str(picture(tmp_path)), "--output", "o", "--driver", "actor.mp4", *options]
    job, made_rate = job_of_options(build_parser().parse_args(line), driver())
    assert (len(job.pictures), made_rate) == (frames, rate)


def test_a_movie_keeps_its_own_length(tmp_path):
    source = acting_clips.movie(tmp_path / "shot.mp4", [np.zeros((48, 64, 3), np.uint8)] * 5)
    line = ["render", "--source", source.files[0], "--output", "o", "--driver", "actor.mp4"]
    job, rate = job_of_options(build_parser().parse_args(line), driver())
    assert (len(job.pictures), rate) == (5, 25)
    assert len(driver().drives(job).performance) == 5
