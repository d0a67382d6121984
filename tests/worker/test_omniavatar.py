# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OmniAvatar through the worker with tiny networks: a portrait and a sound to finished files, gone on with, changed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import media
import numpy as np
import pytest
from voices import vowel, write_sound

pytest.importorskip("diffusers")

import omniavatar_tiny as tiny
import omniavatar_weights

from inference.acting import ExactSpeech
from inference.errors import ErrorCode, TalkingHeadError
from inference.job import Job, job_path, load, save
from inference.media.digests import Digests
from inference.performance import Performance
from inference.source import FaceChoice, Source, SourceKind
from inference.weights.store import WeightStore
from inference.worker.runner import run
from inference.worker.sessions import Sessions
from inference.worker.task import Task

# 8 frames, then 12 in each section.
FRAMES = 24
RATE = Fraction(24)
ALL = (range(8), range(8, 20), range(20, 24))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    tiny.tiny_sizes(monkeypatch)


@pytest.fixture(scope="module")
def weights() -> WeightStore:
    return WeightStore([omniavatar_weights.official_folder(), *media.weight_folders()])


@pytest.fixture(scope="module")
def voice(tmp_path_factory) -> Path:
    samples = np.concatenate([vowel("a", 0.4), vowel("u", 0.3), vowel("i", 0.5)])
    return write_sound(tmp_path_factory.mktemp("voice") / "voice.wav", samples)


def job_of(voice: Path, **settings: object) -> Job:
    times = tuple(float(frame / RATE) for frame in range(FRAMES))
    return Job(
        id="job",
        name="test",
        engine="omniavatar",
        source=Source(SourceKind.IMAGE, (str(media.astronaut()),)),
        face=FaceChoice(),
        pictures=(0,) * FRAMES,
        performance=Performance.from_poses(RATE, [{}] * FRAMES),
        settings={**tiny.QUICK, "guidance": 1.0, "precision": "full", **settings},
        exact_speech=ExactSpeech(str(voice), times, (1.0,) * FRAMES),
    )


class Canceling:
    """A task that is canceled when so many steps of the film are done."""

    def __init__(self, steps: int | None = None) -> None:
        self._most = steps
        self.steps: list[int] = []
        self.task = Task(self._send, self._check)

    def _send(self, type_: str, payload: bytes = b"", **fields: object) -> None:
        if fields.get("unit") == "steps":
            self.steps.append(int(str(fields["done"])))

    def _check(self) -> None:
        if self._most is not None and self.steps and self.steps[-1] >= self._most:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")


def rendered(
    folder: Path, job: Job, weights: WeightStore, cache: Path, canceling: Canceling | None = None
) -> tuple[list[bytes], dict[str, object]]:
    """What a worker that begins anew makes: the files' content, and what the runner answered."""
    folder.mkdir(exist_ok=True)
    path = job_path(folder, job.id)
    save(job, path)
    sessions = Sessions(weights, Digests(), lambda: None, cache)
    try:
        done = run((canceling or Canceling()).task, path, None, sessions)
    finally:
        sessions.unload()
    return [(folder / name).read_bytes() for name in load(path).frame_files], done


def test_a_film_is_the_same_after_an_interruption(tmp_path, weights, voice):
    job = job_of(voice)
    canceling = Canceling()
    whole, done = rendered(tmp_path / "whole", job, weights, tmp_path / "one", canceling)
    assert done["rendered"] == FRAMES and done["sections"] == {"drawn": 3, "kept": 0}
    assert len(set(whole)) == FRAMES
    assert canceling.steps == sorted(canceling.steps)
    with pytest.raises(TalkingHeadError) as caught:
        rendered(tmp_path / "film", job, weights, tmp_path / "two", Canceling(steps=2))
    assert caught.value.code is ErrorCode.CANCELLED
    resumed, done = rendered(tmp_path / "film", job, weights, tmp_path / "two")
    # How much was drawn before depends on when progress is told.
    assert done["sections"]["drawn"] in (1, 2) and resumed == whole
    # A word that is said later draws its section and those that follow.
    speech = job.exact_speech
    later = replace(speech, strengths=(*speech.strengths[:22], 0.5, 1.0))
    changed, done = rendered(tmp_path / "film", replace(job, exact_speech=later), weights, tmp_path / "two")
    assert done["sections"]["drawn"] == 1
    assert [changed[frame] == whole[frame] for frame in range(20)] == [True] * 20
    assert all(changed[frame] != whole[frame] for frame in ALL[2])


def test_another_sound_draws_sections_before_it_as_well(tmp_path, weights, voice):
    """Silence is heard there, and it is that of the whole sound."""
    silent, first = range(len(ALL[0])), len(ALL[0])

    def speaking(sound: Path) -> Job:
        times = (*(None for _ in silent), *(float(frame / RATE) for frame in range(FRAMES - first)))
        return replace(job_of(voice), exact_speech=ExactSpeech(str(sound), times, (1.0,) * FRAMES))

    louder = write_sound(tmp_path / "louder.wav", np.concatenate([vowel("i", 0.2), vowel("a", 0.9)]))
    before, _ = rendered(tmp_path / "film", speaking(voice), weights, tmp_path / "cache")
    after, done = rendered(tmp_path / "film", speaking(louder), weights, tmp_path / "cache")
    alone, _ = rendered(tmp_path / "alone", speaking(louder), weights, tmp_path / "other")
    assert done["sections"] == {"drawn": 3, "kept": 0} and after == alone
    assert all(before[frame] != after[frame] for frame in silent)


def test_without_a_sound(tmp_path, weights, voice):
    with pytest.raises(TalkingHeadError) as caught:
        rendered(tmp_path / "film", replace(job_of(voice), exact_speech=None), weights, tmp_path / "cache")
    assert caught.value.code is ErrorCode.INVALID_REQUEST and "sound" in caught.value.message
