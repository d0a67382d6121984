# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request ``speak`` and the command of the same name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from voices import silence, vowel, write_sound
from worker_host import ROOT, host

from inference import performance
from inference.controls import POSE_NAMES
from inference.motion.track import Track
from inference.protocol import Message


@pytest.fixture
def sound(tmp_path) -> Path:
    samples = np.concatenate([silence(0.5), vowel("a", 0.5), silence(0.5), vowel("i", 0.5), silence(1.0)])
    return write_sound(tmp_path / "speech.wav", samples)


def track_of(done: Message) -> Track:
    array = np.frombuffer(done.payload, done.fields["dtype"]).reshape(done.fields["shape"])
    return Track.from_message(done.fields, array)


def command(tmp_path: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "inference", "speak", *map(str, arguments), "--cache", str(tmp_path / "cache")]
    env = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_a_worker_listens(tmp_path, sound):
    with host(tmp_path, greet=False) as worker:
        worker.hello(cache=str(tmp_path / "cache"))
        worker.send("speak", id=1, sound=str(sound), transcript="", stream=0)
        *told, done = worker.answer(1)
        assert done.type == "done", done.fields
        track = track_of(done)
        assert (len(track), track.rate, track.activity is not None) == (300, 100, True)
        fields = ("method", "words", "cached", "breaks", "neutral", "findings")
        assert [done.fields[name] for name in fields] == ["formants", 0, False, [], -1, []]
        assert track.values[60:95, POSE_NAMES.index("jaw_open")].min() > 0.4
        assert track.values[160:195, POSE_NAMES.index("mouth_wide")].min() > 0.4
        assert {message.fields["stage"] for message in told} == {"listening"}
        worker.send("speak", id=2, sound=str(sound), transcript="", stream=0)
        again = worker.answer(2)[-1]
        assert again.fields["cached"] and again.payload == done.payload


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sound": "none.wav"}, "SOURCE_MISSING"),
        ({"sound": ""}, "INVALID_REQUEST"),
        ({"stream": 3}, "INVALID_REQUEST"),
        ({"stream": -1}, "INVALID_REQUEST"),
        ({"transcript": 5}, "INVALID_REQUEST"),
        ({"zero": "end"}, "INVALID_REQUEST"),
        ({"zero": []}, "INVALID_REQUEST"),
    ],
)
def test_a_worker_says_what_it_cannot_hear(tmp_path, sound, fields, code):
    with host(tmp_path) as worker:
        worker.send("speak", id=1, **{"sound": str(sound), "transcript": "", "stream": 0, **fields})
        error = worker.answer(1)[-1]
        assert (error.type, error.fields["code"]) == ("error", code)
        assert error.fields["hint"]
        worker.send("ping", id=2)
        assert worker.answer(2)[-1].type == "done"


def test_the_command_writes_a_performance(tmp_path, sound):
    output = tmp_path / "new folder" / "speech.json"
    done = command(tmp_path, sound, "--output", output, "--rate", "30000/1001", "--seed", 4)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(output)
    assert "3.00 s of sound by formants" in done.stderr
    written = performance.load(output)
    assert (len(written), str(written.rate)) == (90, "30000/1001")
    moving = {name for place, name in enumerate(POSE_NAMES) if np.ptp(written.values[:, place]) > 0.1}
    assert moving == {"head_yaw", "head_pitch", "head_roll", "eye_open", "jaw_open", "mouth_wide"}
    assert "known already" in command(tmp_path, sound, "--output", output).stderr


def test_strengths_and_seed_of_the_command(tmp_path, sound):
    def written(*options: object) -> np.ndarray:
        path = tmp_path / "out.json"
        assert command(tmp_path, sound, "--output", path, *options).returncode == 0
        return performance.load(path).values

    jaw, yaw, eyes = (POSE_NAMES.index(name) for name in ("jaw_open", "head_yaw", "eye_open"))
    plain, half = written(), written("--strength", 0.5, "--blinks", 0, "--sway", 0)
    assert np.allclose(half[:, jaw], plain[:, jaw] / 2)
    assert not half[:, yaw].any() and (half[:, eyes] == 1).all()
    assert np.array_equal(written(), plain)
    assert not np.array_equal(written("--seed", 1)[:, yaw], plain[:, yaw])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("none.wav", "--output", "o.json"), "There is no file"),
        (("{sound}", "--output", "o.json", "--rate", "fast"), "not a frame rate"),
        (("{sound}", "--output", "o.json", "--sway", "9"), "is no strength"),
        (("{sound}", "--output", "o.json", "--stream", "1"), "no sound stream 1. Use 0, the only one."),
        (("{sound}", "--output", "o.json", "--transcript", "no such.txt"), "There is no file no such.txt"),
        (("{sound}", "--output", "{sound}/o.json"), "cannot be written"),
    ],
)
def test_the_command_refuses_with_a_sentence(tmp_path, sound, arguments, text):
    done = command(tmp_path, *[argument.format(sound=sound) for argument in arguments])
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and text in done.stderr
    assert "Traceback" not in done.stderr


def test_help_tells_a_stranger_how_to_go_on():
    done = subprocess.run(
        [sys.executable, "-m", "inference", "speak", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert "render --source portrait.png --performance speech.json --sound speech.wav" in done.stdout
    assert "pocketsphinx" in done.stdout
