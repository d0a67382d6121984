# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound as engines that listen get it: samples at any rate, on disk, by content; places in frames and names."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from fractions import Fraction

import acting_clips
import numpy as np
import pytest
import tint_engine
from voices import noise, silence, vowel, write_movie_with_sound, write_sound
from worker_host import make_job, picture, saved_job

import inference.engines
from inference.acting import ExactSpeech
from inference.engines.description import Takes
from inference.engines.engine import SpeechPlace
from inference.errors import ErrorCode, TalkingHeadError
from inference.job import load
from inference.worker.exact import FrameMotion
from inference.worker.listening import Sound
from inference.worker.preview import preview
from inference.worker.runner import run
from inference.worker.task import Task

LISTENING = replace(tint_engine.DESCRIPTION, takes=Takes(audio=True))


@pytest.fixture
def sessions(tmp_path, monkeypatch):
    """Sessions in which the tint engine listens."""
    tint_engine.register()
    monkeypatch.setitem(inference.engines.ENGINES, "tint", LISTENING)
    opened = acting_clips.sessions(tmp_path / "cache")
    yield opened
    opened.unload()
    tint_engine.unregister()


def quiet() -> Task:
    return acting_clips.task()


def speech(sound, times_s, strength: float = 1.0, zero: str = "sound") -> ExactSpeech:
    return ExactSpeech(str(sound), tuple(times_s), (strength,) * len(times_s), zero)


def sound_of(path, sessions, task: Task | None = None, zero: str = "sound") -> Sound:
    return Sound(speech(path, [0.0], zero=zero), sessions, task or quiet())


def names(folder, sessions, exact: ExactSpeech | None) -> tuple[str, ...]:
    path = saved_job(folder, 3 if exact is None else len(exact), exact_speech=exact)
    run(quiet(), path, None, sessions)
    return load(path).frame_files


@pytest.mark.parametrize("rate_hz", [8000, 16000, 48000])
def test_samples_come_at_the_rate_that_is_asked_for(tmp_path, sessions, rate_hz):
    path = write_sound(tmp_path / "a.flac", np.concatenate([silence(0.5), vowel("a", 0.5)]), "flac", 44100, 2)
    samples = sound_of(path, sessions).samples(rate_hz)
    assert samples.dtype == np.float32 and samples.ndim == 1
    assert len(samples) / rate_hz == pytest.approx(1.0, abs=0.02)
    assert np.abs(samples).max() <= 1.0
    begins_s = int(np.argmax(np.abs(samples) > 0.1 * np.abs(samples).max())) / rate_hz
    assert begins_s == pytest.approx(0.5, abs=0.02)


def test_samples_of_a_movie_are_counted_from_where_the_job_says(tmp_path, sessions):
    path = write_movie_with_sound(tmp_path / "a.mkv", vowel("a", 1.0), Fraction(1, 2))
    of_sound, of_picture = (sound_of(path, sessions, zero=zero) for zero in ("sound", "picture"))
    assert of_sound.key != of_picture.key
    longer_s = (len(of_picture.samples(16000)) - len(of_sound.samples(16000))) / 16000
    assert longer_s == pytest.approx(0.5, abs=0.03)


def test_long_sounds_stay_on_disk(tmp_path, sessions):
    path = write_sound(tmp_path / "long.wav", noise(90.0, 0.1))
    sound = sound_of(path, sessions)
    tracemalloc.start()
    samples = sound.samples(16000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(samples, np.memmap) and samples.nbytes > 5_000_000
    assert peak < 1_500_000
    # What an engine does with the samples is its own affair, and nothing is left behind.
    samples[:] = 0.0
    assert np.abs(sound.samples(16000)).max() > 0.1
    del samples
    assert list((tmp_path / "cache" / "sounds").iterdir()) == []


def test_a_canceled_request_stops_listening(tmp_path, sessions):
    def stop():
        raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    sound = sound_of(write_sound(tmp_path / "a.wav", vowel("a", 0.3)), sessions, acting_clips.task(stop))
    with pytest.raises(TalkingHeadError) as caught:
        sound.samples(16000)
    assert caught.value.code is ErrorCode.CANCELLED
    with pytest.raises(TalkingHeadError):
        sound.progress(1, 2)
    assert list((tmp_path / "cache" / "sounds").iterdir()) == []


def test_notes_go_by_the_content_of_the_sound(tmp_path, sessions):
    first = write_sound(tmp_path / "a.wav", vowel("a", 0.3))
    (tmp_path / "copy.wav").write_bytes(first.read_bytes())
    other = write_sound(tmp_path / "b.wav", vowel("i", 0.3))
    sound_of(first, sessions).remember("engine 1", np.arange(3))
    copied = sound_of(tmp_path / "copy.wav", acting_clips.sessions(tmp_path / "cache"))
    assert copied.remembered("engine 1").tolist() == [0, 1, 2]
    assert copied.remembered("engine 2") is None
    assert sound_of(other, sessions).remembered("engine 1") is None


@pytest.mark.parametrize("content", ["missing", "damaged", "mute movie"])
def test_what_cannot_be_heard_is_told_before_anything_is_rendered(tmp_path, sessions, content):
    path = tmp_path / "a.wav"
    if content == "damaged":
        path.write_bytes(b"no sound")
    elif content == "mute movie":
        path = tmp_path / "mute.mp4"
        acting_clips.movie(path, [np.zeros((48, 64, 3), np.uint8)] * 2)
    sent = []
    job = saved_job(tmp_path, 1, exact_speech=speech(path, [0.5]))
    with pytest.raises(TalkingHeadError) as caught:
        run(Task(lambda type_, payload=b"", **fields: sent.append(type_), lambda: None), job, None, sessions)
    codes = {"missing": "SOURCE_MISSING", "damaged": "SOURCE_UNREADABLE", "mute movie": "UNSUPPORTED_INPUT"}
    assert caught.value.code is ErrorCode[codes[content]]
    assert path.name in caught.value.message and "plan" not in sent


def test_each_frame_gets_its_place_in_the_sound(tmp_path, sessions, monkeypatch):
    given = []
    monkeypatch.setattr(tint_engine.TintEngine, "open", _noting_open(given))
    path = write_sound(tmp_path / "a.wav", vowel("a", 0.3))
    exact = ExactSpeech(str(path), (0.0, 1 / 3, None, 99.0), (1.0, 0.5, 1.0, 0.0))
    job = make_job(tmp_path, 4, exact_speech=exact)
    motion = FrameMotion.of(job, sessions, quiet())
    places = [motion.request(frame, 0, {}).speech for frame in range(4)]
    assert places == [SpeechPlace(0.0, 1.0), SpeechPlace(0.333333, 0.5), None, None]
    picture(tmp_path)
    preview(job, 40, sessions, quiet())
    assert [drivers.sound.key for drivers in given] == [sound_of(path, sessions).key]


def _noting_open(given):
    def opened(self, pictures, needed, face, settings, drivers):
        given.append(drivers)
        return tint_engine.TintSession(pictures, settings)

    return opened


def test_names_tell_sound_time_and_strength(tmp_path, sessions):
    path = write_sound(tmp_path / "a.wav", vowel("a", 0.3))
    still = names(tmp_path, sessions, None)
    spoken = names(tmp_path, sessions, speech(path, [0.0, 0.04, None]))
    assert spoken[2] == still[2] and len({*spoken, *still}) == 5
    moved = names(tmp_path, sessions, speech(path, [0.0, 0.05, None]))
    assert moved[0] == spoken[0] and moved[1] != spoken[1]
    assert names(tmp_path, sessions, speech(path, [0.0, 0.04, None], 0.5))[0] != spoken[0]
    assert names(tmp_path, sessions, speech(path, [0.0, 0.04, None], 0.0)) == still
    (tmp_path / "copy.wav").write_bytes(path.read_bytes())
    assert names(tmp_path, sessions, speech(tmp_path / "copy.wav", [0.0, 0.04, None])) == spoken
    write_sound(path, vowel("i", 0.3))
    assert names(tmp_path, sessions, speech(path, [0.0, 0.04, None]))[0] != spoken[0]


def test_a_sound_that_is_heard_nowhere_is_not_read(tmp_path, sessions):
    gone = tmp_path / "gone.wav"
    assert names(tmp_path, sessions, speech(gone, [None, None, None])) == names(tmp_path, sessions, None)
    assert names(tmp_path, sessions, speech(gone, [0.0, 0.1, 0.2], 0.0)) == names(tmp_path, sessions, None)


def test_an_engine_that_does_not_listen_says_so(tmp_path, sessions, monkeypatch):
    monkeypatch.setitem(inference.engines.ENGINES, "tint", tint_engine.DESCRIPTION)
    with pytest.raises(TalkingHeadError) as caught:
        names(tmp_path, sessions, speech("a.wav", [0.0]))
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert caught.value.message == "Tint does not listen to the sound itself."
