# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Capture over the pipe and from the command line, with the real worker process."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import acting_clips
import media
import numpy as np
import pytest
from worker_host import ROOT, host

from inference.acting import CaptureSpec
from inference.controls import POSE_CONTROLS, POSE_NAMES
from inference.motion.track import Track
from inference.performance import Performance
from inference.performance import load as load_performance
from inference.source import Source, SourceKind

CLIP = Source(SourceKind.MOVIE, (str(media.carphone()),))
FOLDERS = [str(folder) for folder in media.weight_folders()]


def track_of(done) -> Track:
    array = np.frombuffer(done.payload, done.fields["dtype"]).reshape(done.fields["shape"])
    return Track.from_message(done.fields, array)


def test_a_clip_comes_back_as_a_track(tmp_path):
    with host(tmp_path, greet=False) as worker:
        worker.hello(weights=FOLDERS, cache=str(tmp_path / "cache"))
        worker.send("capture", id=1, spec=CaptureSpec(CLIP).to_dict())
        *told, done = worker.answer(1)
        assert done.type == "done", done.fields
        assert {message.fields["stage"] for message in told} == {"watching the driver"}
        assert told[-1].fields["done"] == told[-1].fields["total"] == 120
        track = track_of(done)
        assert (len(track), track.rate, track.breaks) == (120, Fraction(30000, 1001), ())
        assert track.activity is None
        limits = np.array([[control.minimum, control.maximum] for control in POSE_CONTROLS])
        assert (track.values >= limits[:, 0]).all() and (track.values <= limits[:, 1]).all()
        assert (done.fields["pictures"], done.fields["faces"], done.fields["cached"]) == (120, 1, False)
        worker.send("capture", id=2, spec=CaptureSpec(CLIP).to_dict())
        again = worker.answer(2)[-1]
        assert again.fields["cached"]
        assert again.payload == done.payload


def test_a_cancelled_capture_leaves_nothing(tmp_path):
    pictures = [*acting_clips.carphone()] * 3
    clip = acting_clips.movie(tmp_path / "long.mp4", pictures)
    with host(tmp_path, greet=False) as worker:
        worker.hello(weights=FOLDERS, cache=str(tmp_path / "cache"))
        worker.send("capture", id=1, spec=CaptureSpec(clip).to_dict())
        worker.until(lambda message: message.type == "progress" and message.fields["done"] > 5)
        worker.send("cancel", target=1)
        assert worker.answer(1)[-1].type == "cancelled"
        assert list((tmp_path / "cache" / "captures").iterdir()) == []


def test_a_clip_that_is_gone_is_an_error(tmp_path):
    with host(tmp_path, greet=False) as worker:
        worker.hello(weights=FOLDERS, cache=str(tmp_path / "cache"))
        gone = Source(SourceKind.MOVIE, (str(tmp_path / "gone.mp4"),))
        worker.send("capture", id=1, spec=CaptureSpec(gone).to_dict())
        error = worker.answer(1)[-1]
        assert (error.type, error.fields["code"]) == ("error", "SOURCE_MISSING")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def capture(cache: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "inference", "capture", media.carphone(), "--cache", cache, *arguments]
    for folder in FOLDERS:
        line += ["--weights", folder]
    return subprocess.run(
        [str(word) for word in line], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120
    )


def test_the_command_writes_a_performance(cache, tmp_path):
    output = tmp_path / "new folder" / "acting.json"
    done = capture(cache, "--output", output)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(output)
    assert "120 pictures at 29.97 a second" in done.stderr
    assert "neutral face: picture " in done.stderr
    performance = load_performance(output)
    assert (len(performance), performance.rate) == (120, Fraction(30000, 1001))
    assert np.ptp(performance.values[:, POSE_NAMES.index("head_roll")]) > 15


def test_the_command_resamples_exactly(cache, tmp_path):
    def made(name: str, *arguments: str) -> Performance:
        done = capture(cache, "--output", tmp_path / name, *arguments)
        assert done.returncode == 0, done.stderr
        return load_performance(tmp_path / name)

    own, other = made("own.json"), made("other.json", "--rate", "25")
    assert (len(other), other.rate) == (100, Fraction(25))
    position = 50 * Fraction(30000, 1001) / 25
    low, part = int(position), float(position - int(position))
    expected = own.values[low] * (1 - part) + own.values[low + 1] * part
    np.testing.assert_allclose(other.values[50], expected, atol=2e-4)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--neutral", "none"), "'none' is no picture."),
        (("--neutral", "0"), "'0' is no picture."),
        (("--neutral", "999"), "but the driving clip ends with picture 120."),
        (("--clip-rate", "25"), "is a movie, which has a rate of its own."),
        (("--smoothing", "2"), "smoothing must be from 0 to 1"),
        (("--rate", "fast"), "'fast' is not a frame rate."),
        (("--face", "4"), "Face 5 was asked for, but there is 1 face in picture 1 of the driving clip."),
    ],
)
def test_the_command_says_what_is_wrong(cache, tmp_path, arguments, sentence):
    done = capture(cache, "--output", tmp_path / "a.json", *arguments)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert not (tmp_path / "a.json").exists()


def test_the_command_needs_no_cache_that_can_be_written(tmp_path):
    (tmp_path / "cache").write_text("in the way")
    done = capture(tmp_path / "cache", "--output", tmp_path / "a.json")
    assert done.returncode == 0, done.stderr
    assert "cannot be written; what is made now is forgotten at the end" in done.stderr
    assert len(load_performance(tmp_path / "a.json")) == 120


def test_the_help_shows_how_to_go_on():
    line = [sys.executable, "-m", "inference", "capture", "--help"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0
    assert "render --source portrait.png --performance acting.json" in done.stdout


def test_a_written_performance_is_json_with_a_format(cache, tmp_path):
    assert capture(cache, "--output", tmp_path / "a.json").returncode == 0
    data = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert data["format"] == "talkinghead-performance"
    assert data["rate"] == "30000/1001"
