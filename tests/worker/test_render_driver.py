# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A driving clip on the command line of render."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import acting_clips
import numpy as np
import pytest
from voices import vowel, write_sound
from worker_host import make_job, picture

import inference.engines
from inference.acting import CaptureSpec
from inference.cli import build_parser, main
from inference.controls import POSE_NAMES
from inference.engines.description import EngineDescription, Takes
from inference.motion.track import REST, Track
from inference.performance import Performance
from inference.source import Source, SourceKind
from inference.worker.render_command import make_job as job_of_options
from inference.worker.render_driver import ACTING, EXPRESSION, HEAD, Driver, RenderDrivers, Voice

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
    return RenderDrivers({ACTING: driver(**of_driver)}).drives(job)


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
    job, made_rate = job_of_options(build_parser().parse_args(line), RenderDrivers({ACTING: driver()}))
    assert (len(job.pictures), made_rate) == (frames, rate)


def test_a_movie_keeps_its_own_length(tmp_path):
    source = acting_clips.movie(tmp_path / "shot.mp4", [np.zeros((48, 64, 3), np.uint8)] * 5)
    line = ["render", "--source", source.files[0], "--output", "o", "--driver", "actor.mp4"]
    job, rate = job_of_options(build_parser().parse_args(line), RenderDrivers({ACTING: driver()}))
    assert (len(job.pictures), rate) == (5, 25)
    assert len(RenderDrivers({ACTING: driver()}).drives(job).performance) == 5


def voice(count: int = 150, listens: bool = False) -> Voice:
    """A mouth that opens by a hundredth a sample, 100 samples a second."""
    values = np.tile(REST, (count, 1))
    values[:, JAW] = np.arange(count) / 100
    track = None if listens else Track(Fraction(100), values, activity=np.ones(count))
    return Voice(Path("/edit/voice.wav"), Fraction(count, 100), track)


def both(engine: str, count: int = 4, **drivers):
    return RenderDrivers(**drivers).drives(make_job_of(engine, count))


def test_clips_of_their_own_reach_an_engine_that_takes_them():
    clips = {ACTING: driver(), HEAD: driver("head.mp4", Fraction(25)), EXPRESSION: driver("brows.mp4")}
    job = both("edtalk", clips=clips)
    zeros, ones = (0.0,) * 4, (1.0,) * 4
    assert (job.exact.head, job.exact.eyes, job.exact.brows, job.exact.mouth) == (zeros, zeros, zeros, ones)
    assert (job.exact_head.head, job.exact_head.eyes, job.exact_head.mouth) == (ones, zeros, zeros)
    assert job.exact_head.positions == (0.0, 1.0, 2.0, 3.0)
    assert job.exact_head.capture.source.files == ("head.mp4",)
    assert (job.exact_expression.eyes, job.exact_expression.brows, job.exact_expression.head) == (ones, ones, zeros)
    assert (job.performance.values[:, YAW] == 2.0).all()


def test_a_head_alone_can_be_followed():
    job = both("edtalk", clips={HEAD: driver()})
    assert job.exact is None and job.exact_head.positions == (0.0, 2.0, 4.0, 6.0)
    assert (job.performance.values[:, JAW] == 0.0).all()


def test_clips_of_their_own_move_sliders_of_other_engines():
    still = Driver(CaptureSpec(Source(SourceKind.MOVIE, ("still.mp4",))), Track(Fraction(50), np.tile(REST, (11, 1))))
    job = both("puppet", clips={ACTING: driver(), HEAD: still, EXPRESSION: still})
    assert job.exact_head is job.exact_expression is None
    assert job.exact.mouth == (1.0,) * 4 and job.exact.brows == (0.0,) * 4
    assert (job.performance.values[:, YAW] == 2.0).all() and (job.performance.values[:, OPEN] == 1.0).all()


def test_an_engine_that_listens_gets_the_sound():
    job = both("edtalk", count=40, clips={ACTING: driver(count=100)}, voice=voice(listens=True))
    speech = job.exact_speech
    assert speech.times_s[:3] == (0.0, 0.04, 0.08) and speech.strengths == (1.0,) * 40
    assert speech.times_s[37] == 1.48 and speech.times_s[38:] == (None, None)
    assert job.exact.mouth == (0.0,) * 40 and job.exact.head == (1.0,) * 40
    assert (job.performance.values[:, JAW] == 0.0).all()


def test_other_engines_get_the_voice_as_sliders():
    for engine in ("puppet", "liveportrait"):
        job = both(engine, clips={ACTING: driver()}, voice=voice())
        assert job.exact_speech is None and job.exact.mouth == (0.0,) * 4
        assert job.performance.values[:, JAW].tolist() == pytest.approx([0.0, 0.04, 0.08, 0.12])
    alone = both("puppet", voice=voice())
    assert alone.exact is None and alone.performance.values[3, JAW] == pytest.approx(0.12)


def test_the_longest_driver_decides():
    drivers = RenderDrivers({ACTING: driver(count=100)}, voice(count=500))
    assert (drivers.rate, drivers.frames(Fraction(25))) == (50, 125)
    assert RenderDrivers({ACTING: driver(count=100)}, voice(count=50)).frames(Fraction(25)) == 50
    assert RenderDrivers().frames(Fraction(25)) is None and RenderDrivers().rate is None


def test_voices_are_listened_to_as_the_engine_needs(tmp_path):
    sound = write_sound(tmp_path / "a.wav", vowel("a", 1.5))
    sessions = acting_clips.sessions(tmp_path / "cache")
    heard = Voice.of(sound, Takes(audio=True), sessions, acting_clips.task())
    assert (heard.track, heard.length_s) == (None, Fraction(3, 2))
    spoken = Voice.of(sound, Takes(), sessions, acting_clips.task())
    assert spoken.track is not None and float(spoken.length_s) == pytest.approx(1.5, abs=0.05)


def test_whole_figures_have_no_head_of_their_own(tmp_path, capsys):
    line = ["render", "--source", str(picture(tmp_path)), "--output", str(tmp_path / "o"), "--engine", "tpsmm"]
    line += ["--setting", "area=whole", "--head-driver", "actor.mp4"]
    assert main(line) == 1
    assert "Leave --head-driver and --expression-driver." in capsys.readouterr().err
