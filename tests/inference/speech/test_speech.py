# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sounds as tracks: time of the file, what the user is told, the cache."""

from __future__ import annotations

import os
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from voices import RATE_HZ, noise, silence, vowel, write_movie_with_sound, write_sound

from inference.controls import BY_NAME, POSE_NAMES, Group
from inference.errors import ErrorCode, TalkingHeadError
from inference.media.digests import Digests
from inference.motion.track import REST, Track
from inference.speech.command import performed
from inference.speech.sound import Zero
from inference.speech.speech import SpeechSpec, read_speech
from inference.speech.store import Speech, SpeechStore
from inference.worker.task import Task

NOTHING = Task(lambda *_, **__: None, lambda: None)
JAW = POSE_NAMES.index("jaw_open")


def read(path, cache=None, task=NOTHING):
    return read_speech(SpeechSpec(path), Digests(), task, cache)


def opens_at_s(track: Track) -> float:
    jaw = track.values[:, JAW]
    return int(np.argmax(jaw > jaw.max() / 2)) / float(track.rate)


def said(at_s: float = 0.6) -> np.ndarray:
    return np.concatenate([silence(at_s), vowel("a", 0.4), silence(0.5)])


def test_a_sound_becomes_a_track_of_the_mouth(tmp_path):
    speech = read(write_sound(tmp_path / "a.wav", said()))
    track = speech.track
    assert (track.rate, len(track), track.breaks, track.neutral) == (Fraction(100), 150, (), -1)
    assert (speech.method, speech.words, speech.cached) == ("formants", 0, False)
    still = [place for place, name in enumerate(POSE_NAMES) if BY_NAME[name].group is not Group.MOUTH]
    assert np.array_equal(track.values[:, still], np.tile(REST[still], (150, 1)))
    assert track.activity is not None and 0 <= track.activity.min() < 0.1 < 0.9 < track.activity.max() <= 1
    assert abs(opens_at_s(track) - 0.6) < 0.05


@pytest.mark.parametrize("late", [Fraction(0), Fraction(1, 2), Fraction(-1, 4)])
def test_time_is_that_of_the_sound_or_of_the_pictures(tmp_path, late):
    path = write_movie_with_sound(tmp_path / "a.mkv", said(), late)
    begins_s = {}
    for zero in Zero:
        spec = SpeechSpec(path, zero=zero)
        begins_s[zero] = opens_at_s(read_speech(spec, Digests(), NOTHING, tmp_path / "cache").track)
    assert abs(begins_s[Zero.SOUND] - 0.6) < 0.05
    assert begins_s[Zero.PICTURE] - begins_s[Zero.SOUND] == pytest.approx(float(late), abs=0.011)


@settings(max_examples=8, deadline=None)
@given(st.sampled_from([8000, 11025, 22050, 44100, 48000]), st.floats(0.1, 12))
def test_time_does_not_drift_at_any_sampling_rate(tmp_path_factory, rate_hz, at_s):
    path = write_sound(tmp_path_factory.mktemp("sound") / "a.wav", said(at_s), rate_hz=rate_hz)
    assert abs(opens_at_s(read(path).track) - at_s) < 0.05


def test_what_is_no_voice_is_told(tmp_path):
    track = read(write_sound(tmp_path / "a.wav", noise(1.0, 0.1))).track
    assert np.array_equal(track.values, np.tile(REST, (len(track), 1)))
    (finding,) = track.findings
    assert (finding.kind, finding.first, finding.last) == ("no voice", 0, 99)


def test_the_cache_knows_content_transcript_and_stream(tmp_path):
    path, cache = write_sound(tmp_path / "a.wav", said()), tmp_path / "cache"
    first, again = read(path, cache), read(path, cache)
    assert (first.cached, again.cached) == (False, True)
    assert np.array_equal(again.track.array(), first.track.array())
    assert np.array_equal(again.track.values, first.track.values)
    assert again.fields() == {**first.fields(), "cached": True}
    moved = path.rename(tmp_path / "b.wav")
    assert read(moved, cache).cached
    write_sound(moved, said(0.7))
    assert not read(moved, cache).cached
    assert len(list((cache / "speech").iterdir())) == 2


def test_a_damaged_cache_is_made_again(tmp_path):
    path, cache = write_sound(tmp_path / "a.wav", said()), tmp_path / "cache"
    whole = read(path, cache)
    (saved,) = (cache / "speech").iterdir()
    saved.write_bytes(saved.read_bytes()[:100])
    again = read(path, cache)
    assert not again.cached and np.array_equal(again.track.values, whole.track.values)
    assert read(path, cache).cached


def test_the_longest_unused_results_are_dropped(tmp_path):
    track = read(write_sound(tmp_path / "a.wav", said())).track
    speech = Speech(track, "formants", 0)
    first = SpeechStore(tmp_path / "cache", ["first"])
    first.save(speech)
    (file,) = (tmp_path / "cache" / "speech").iterdir()
    second, third = (SpeechStore(tmp_path / "cache", [name], 2 * file.stat().st_size + 100) for name in ("2nd", "3rd"))
    second.save(speech)
    for number, path in enumerate((tmp_path / "cache" / "speech").iterdir()):
        os.utime(path, (number, number))
    assert first.load() is not None  # used now, and so later than the second
    third.save(speech)
    assert first.load() is not None and third.load() is not None
    assert second.load() is None
    assert len(list((tmp_path / "cache" / "speech").iterdir())) == 2


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert len(read(write_sound(tmp_path / "a.wav", said()), tmp_path / "file").track) == 150


def test_progress_is_told_and_listening_can_be_stopped(tmp_path):
    path = write_sound(tmp_path / "a.wav", np.tile(said(), 8))
    told = []
    read(path, task=Task(lambda type_, payload=b"", **fields: told.append(fields), lambda: None))
    assert told[0]["stage"] == "listening" and told[-1]["done"] == told[-1]["total"] == 12

    def stop():
        raise TalkingHeadError(ErrorCode.CANCELLED, "Stopped.")

    with pytest.raises(TalkingHeadError, match="Stopped"):
        read(path, task=Task(lambda *_, **__: None, stop))


def test_memory_does_not_grow_with_length(tmp_path):
    peaks = []
    for repeats in (10, 40):
        path = write_sound(tmp_path / f"{repeats}.wav", np.tile(said(), repeats))
        tracemalloc.start()
        read(path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    samples_bytes = 30 * 1.5 * RATE_HZ * 4
    assert peaks[1] - peaks[0] < 0.7 * samples_bytes  # the result itself grows: 100 poses a second


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(60000, 1001)])
def test_a_performance_is_as_long_as_the_sound(tmp_path, rate):
    track = read(write_sound(tmp_path / "a.wav", said(2.0))).track
    still = performed(track, rate, 1, {"mouth": 1.0, "blinks": 0.0, "sway": 0.0})
    assert abs(len(still) / rate - len(track) / track.rate) <= 1 / rate
    jaw = still.values[:, JAW]
    assert abs(float(np.argmax(jaw > jaw.max() / 2) / rate) - 2.0) < 0.08
    moved = [place for place in range(len(POSE_NAMES)) if np.any(still.values[:, place] != REST[place])]
    assert {POSE_NAMES[place] for place in moved} <= {"jaw_open", "mouth_wide", "mouth_pucker", "mouth_close"}
    alive = performed(track, rate, 1, {"mouth": 0.0, "blinks": 1.0, "sway": 1.0})
    assert alive.values[:, POSE_NAMES.index("eye_open")].min() < 0.1
    assert np.ptp(alive.values[:, POSE_NAMES.index("head_yaw")]) > 0.2
    assert not alive.values[:, JAW].any()
