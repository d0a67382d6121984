# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EDTalk through the worker with whole networks, whose weights are seeded: a portrait, a sound and clips.

They draw noise, so only what must hold for any weights is looked at.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import acting_clips
import edtalk_weights
import media
import numpy as np
import pytest
from acting_clips import carphone
from faces import picture
from voices import vowel, write_sound
from worker_host import ROOT

from inference.acting import CaptureSpec, ExactMotion, ExactSpeech
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

pytest.importorskip("torch", reason="EDTalk needs PyTorch")

# What is measured of noise is nothing, and takes a while.
QUICK = {"calibrate": False, "colour_match": False}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    weights = WeightStore([edtalk_weights.official_folder(), *media.weight_folders()])
    opened = Sessions(weights, Digests(), lambda: None, tmp_path_factory.mktemp("cache"))
    yield opened
    opened.unload()


@pytest.fixture(scope="module")
def voice(tmp_path_factory) -> Path:
    samples = np.concatenate([vowel("a", 0.4), vowel("u", 0.3), vowel("i", 0.5)])
    return write_sound(tmp_path_factory.mktemp("voice") / "voice.wav", samples)


def job_of(count: int, **fields) -> Job:
    values = {"settings": QUICK, **fields}
    return Job(
        id="job",
        name="test",
        engine="edtalk",
        source=Source(SourceKind.IMAGE, (str(media.astronaut()),)),
        face=FaceChoice(),
        pictures=(0,) * count,
        performance=Performance.from_poses(Fraction(25), values.pop("poses", [{}] * count)),
        **values,
    )


def spoken(voice: Path, times_s, strength: float = 1.0) -> ExactSpeech:
    return ExactSpeech(str(voice), tuple(times_s), (strength,) * len(times_s))


def motion(source: Source, positions, *regions: str) -> ExactMotion:
    strengths = {
        name: ((1.0 if name in regions else 0.0),) * len(positions) for name in ("mouth", "brows", "head", "eyes")
    }
    return ExactMotion(CaptureSpec(source), tuple(positions), **strengths)


def rendered(folder: Path, job: Job, sessions: Sessions, task: Task | None = None) -> tuple[list[np.ndarray], dict]:
    """The frames' pixels and what the runner answered."""
    path = job_path(folder, job.id)
    save(job, path)
    done = run(task or acting_clips.task(), path, None, sessions)
    return [read_image(folder / name).pixels for name in load(path).frame_files], done


def test_a_sound_moves_the_face_and_nothing_else(tmp_path, sessions, voice):
    stages: list[str] = []

    def send(type_, payload=b"", **fields):
        stages.append(str(fields.get("stage")))

    job = job_of(3, exact_speech=spoken(voice, [0.2, 0.6, None]))
    frames, done = rendered(tmp_path, job, sessions, Task(send, lambda: None))
    source = picture("astronaut")
    assert done["rendered"] == 3 and done["warnings"] == []
    assert np.array_equal(frames[2], source)
    assert not np.array_equal(frames[0], frames[1])
    changed = (frames[0] != source).any(axis=2)
    assert changed.any() and not changed[400:].any()
    # What the mouth says is known now, also to a worker that begins anew, and one moved frame is one frame.
    stages.clear()
    sessions.close()
    again, done = rendered(
        tmp_path, replace(job, exact_speech=spoken(voice, [0.2, 0.9, None])), sessions, Task(send, lambda: None)
    )
    assert (done["rendered"], done["reused"]) == (1, 2)
    assert np.array_equal(again[0], frames[0]) and not np.array_equal(again[1], frames[1])
    assert "listening to the sound" not in stages
    # An emotion is a slider: its key moves, its frame is rendered again.
    _, done = rendered(tmp_path, replace(job, performance=happy()), sessions)
    assert (done["rendered"], done["reused"]) == (1, 2)


def happy() -> Performance:
    return Performance.from_poses(Fraction(25), [{}, {}, {"edtalk_happy": 0.5}])


def test_head_and_expression_come_from_clips_of_their_own(tmp_path, sessions, voice):
    clips = [acting_clips.sequence(tmp_path / str(first), carphone()[first : first + 2]) for first in (0, 60)]
    job = job_of(
        1,
        exact_head=motion(clips[0], [1.0], "head"),
        exact_expression=motion(clips[1], [0.5], "eyes", "brows"),
        exact_speech=spoken(voice, [0.2]),
    )
    (together,), _ = rendered(tmp_path, job, sessions)
    others = [replace(job, **{name: None}) for name in ("exact_head", "exact_expression", "exact_speech")]
    shown = [together, *(rendered(tmp_path, other, sessions)[0][0] for other in others)]
    assert len({frame.tobytes() for frame in shown}) == 4


def test_a_preview_speaks(sessions, voice):
    pixels, size = preview(job_of(1, exact_speech=spoken(voice, [0.2])), 256, sessions, acting_clips.task())
    assert pixels.shape == (256, 256, 4) and size == (512, 512)
    still, _ = preview(job_of(1), 256, sessions, acting_clips.task())
    assert not np.array_equal(pixels, still)


def test_a_canceled_render_keeps_what_is_done(tmp_path, sessions, voice):
    job = job_of(3, exact_speech=spoken(voice, [0.1, 0.5, 0.9]))
    made: list[int] = []

    def send(type_, payload=b"", **fields):
        if type_ == "frame":
            made.append(fields["index"])

    def check():
        if made:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    with pytest.raises(TalkingHeadError) as caught:
        rendered(tmp_path, job, sessions, Task(send, check))
    assert caught.value.code is ErrorCode.CANCELLED and 1 <= len(made) < 3
    _, done = rendered(tmp_path, job, sessions)
    assert done["reused"] >= len(made) and done["rendered"] == 3 - done["reused"]


def test_the_smaller_model_is_another_set(tmp_path, sessions, voice):
    (full,), _ = rendered(tmp_path, job_of(1, exact_speech=spoken(voice, [0.2])), sessions)
    small = job_of(1, exact_speech=spoken(voice, [0.2]), settings={**QUICK, "model": "lip_pose"})
    (other,), done = rendered(tmp_path, small, sessions)
    assert done["rendered"] == 1 and not np.array_equal(full, other)


def test_memory_is_given_back(tmp_path, sessions, voice):
    rendered(tmp_path, job_of(1, exact_speech=spoken(voice, [0.2])), sessions)
    assert "edtalk" in sessions.loaded()
    sessions.rest()
    assert sessions.loaded() == []
    rendered(tmp_path, job_of(1, exact_speech=spoken(voice, [0.3])), sessions)
    assert sessions.unload_large() == ["edtalk"]


def test_missing_models_are_told_with_what_mends_it(tmp_path, voice):
    sessions = Sessions(WeightStore(media.weight_folders()), Digests(), lambda: None, tmp_path / "cache")
    with pytest.raises(TalkingHeadError) as caught:
        rendered(tmp_path, job_of(1, exact_speech=spoken(voice, [0.2])), sessions)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING and caught.value.action is Action.GET_MODELS


def test_the_command_line_lets_a_portrait_speak(tmp_path):
    sound = write_sound(tmp_path / "voice.flac", vowel("a", 0.3), "flac", 44100)
    folders = [edtalk_weights.official_folder(), *media.weight_folders()]
    weights = [word for folder in folders for word in ("--weights", str(folder))]
    line = [
        sys.executable, "-m", "inference", "render", "--engine", "edtalk", "--source", str(media.astronaut()),
        "--speech", str(sound), "--setting", "calibrate=off", "--setting", "colour_match=off", "--rate", "10",
        "--output", str(tmp_path / "frames"), "--cache", str(tmp_path / "cache"), *weights,
    ]  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, timeout=600)
    assert done.returncode == 0, done.stderr
    frames = [read_image(path).pixels for path in sorted((tmp_path / "frames").glob("frame_*.png"))]
    assert len(frames) == 3
    assert all(np.array_equal(frame[400:], picture("astronaut")[400:]) for frame in frames)
    assert not np.array_equal(frames[0], frames[1])
