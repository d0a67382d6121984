# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcripts: spelling, what phones do to the lips, and times of spoken phones where pocketsphinx is installed."""

from __future__ import annotations

import importlib.util
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from voices import RATE_HZ, silence, spoken, vowel, write_sound

from inference.controls import POSE_NAMES
from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.media.digests import Digests
from inference.motion.visemes import ARPABET
from inference.speech import alignment, articulation
from inference.speech.alignment import Aligner, Alignment, Phone
from inference.speech.articulation import articulate
from inference.speech.features import FeatureStream
from inference.speech.speech import SpeechSpec, read_speech
from inference.speech.spelling import guess_phones, words_of
from inference.worker.task import Task

needs_aligner = pytest.mark.skipif(
    importlib.util.find_spec("pocketsphinx") is None, reason="the package pocketsphinx is not installed"
)
SENTENCE = "Bob made a map of five people. My puppy may jump before me."
NOTHING = Task(lambda *_, **__: None, lambda: None)


def features_of(samples):
    stream = FeatureStream()
    stream.feed(samples)
    return stream.finish()


def test_words_are_taken_from_text():
    text = "Don\u2019t stop — caf\u00e9, well-known: \u201cBob's\u201d 2 cats!\n"
    assert words_of(text) == ["don't", "stop", "cafe", "well", "known", "bob's", "2", "cats"]
    assert words_of("\u4f60\u597d ...") == []


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("blender", "B L EH N D ER"), ("pim", "P IH M"), ("shoffy", "SH OW F IY"), ("queeb", "K W IY B"),
        ("mape", "M AE P"), ("42", ""), ("b2b", ""),
    ],
)  # fmt: skip
def test_spelling_is_spoken(word, phones):
    assert guess_phones(word) == phones


def test_guesses_are_phones_that_have_a_shape():
    words = [first + second for first in "abcdefghijklmnopqrstuvwxyz" for second in ("ate", "ough", "tion", "xyz")]
    assert {phone for word in words for phone in guess_phones(word).split()} <= set(ARPABET)


@pytest.mark.parametrize("sound", ["P", "B", "M"])
def test_lips_are_closed_at_their_time_however_short(sound):
    samples = vowel("a", 1.0)
    phones = [Phone("AA", 0.0, 0.5), Phone(sound, 0.5, 0.53), Phone("AA", 0.53, 1.0)]
    mouth = articulate(phones, features_of(samples))
    closed = (mouth.mouth_close > 0.99) & (mouth.jaw_open < 0.01)
    assert closed[50:54].all() and closed.sum() >= 4
    assert mouth.jaw_open[25] > 0.5 and mouth.jaw_open[75] > 0.5
    assert mouth.mouth_close[25] < 0.01 and mouth.mouth_close[75] < 0.01


def test_teeth_reach_the_lip_in_f_but_lips_do_not_shut():
    phones = [Phone("AA", 0.0, 0.5), Phone("F", 0.5, 0.6), Phone("AA", 0.6, 1.0)]
    mouth = articulate(phones, features_of(vowel("a", 1.0)))
    assert 0.7 < mouth.mouth_close[55] < 0.9 and mouth.jaw_open[55] < 0.1


def test_a_weak_sound_takes_the_shape_of_its_neighbors():
    def pucker(neighbor: str) -> float:
        phones = [Phone(neighbor, 0.0, 0.4), Phone("T", 0.4, 0.46), Phone(neighbor, 0.46, 1.0)]
        return articulate(phones, features_of(vowel("u", 1.0))).mouth_pucker[43]

    assert pucker("UW") > 0.4 > 0.1 > pucker("IY")


def test_curves_are_smooth_and_rest_in_silence():
    samples = np.concatenate([vowel("a", 0.6), silence(0.8)])
    phones = [Phone("M", 0.0, 0.1), Phone("AY", 0.1, 0.6), Phone("SIL", 0.6, 1.4)]
    mouth = articulate(phones, features_of(samples))
    for curve in (mouth.jaw_open, mouth.mouth_wide, mouth.mouth_pucker):
        assert np.abs(np.diff(curve)).max() < 0.2
        assert curve[110:].max() < 0.01 and 0 <= curve.min() <= curve.max() <= 1


def test_a_missing_package_is_told_before_anything_is_read(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    path = write_sound(tmp_path / "a.wav", vowel("a", 0.5))
    with pytest.raises(TalkingHeadError) as caught:
        read_speech(SpeechSpec(path, "Ah."), Digests(), NOTHING)
    assert (caught.value.code, caught.value.action) == (ErrorCode.PACKAGE_MISSING, Action.INSTALL_SPEECH)
    assert "leave the transcript empty" in caught.value.hint


def phones_of(path: Path, text: str):
    from inference.speech.sound import SoundReader

    return Aligner().align(np.concatenate(list(SoundReader(path).blocks())), text, lambda part: None)


def test_a_closing_looks_only_around_itself(monkeypatch):
    looked_at = []
    closing = articulation._closing

    def noted(segment, times_s):
        looked_at.append(len(times_s))
        return closing(segment, times_s)

    monkeypatch.setattr(articulation, "_closing", noted)
    phones = [Phone(("AA", "P")[i % 2], i * 0.1, i * 0.1 + 0.1) for i in range(100)]
    mouth = articulate(phones, features_of(vowel("a", 10.0)))
    assert len(looked_at) == 50 and max(looked_at) < 40
    assert (mouth.mouth_close[15::20] == mouth.mouth_close[15]).all() and mouth.mouth_close[15] > 0


@needs_aligner
@pytest.mark.parametrize("voice", ["en-us", "en-gb", "en-us+f3"])
def test_lips_close_on_every_p_b_m(tmp_path, voice):
    path = spoken(tmp_path / "a.wav", SENTENCE, voice)
    speech = read_speech(SpeechSpec(path, SENTENCE), Digests(), NOTHING)
    assert (speech.method, speech.words, speech.track.findings) == ("phones", 13, ())
    phones = [phone for phone in phones_of(path, SENTENCE).phones if phone.name in ("P", "B", "M")]
    assert len(phones) == 15
    middles = [(phone.start_s + phone.end_s) / 2 * 100 for phone in phones]
    pose = speech.track.at(middles)
    assert pose[:, POSE_NAMES.index("mouth_close")].min() > 0.97
    assert pose[:, POSE_NAMES.index("jaw_open")].max() < 0.02
    assert speech.track.values[:, POSE_NAMES.index("jaw_open")].max() > 0.5


@needs_aligner
def test_phones_are_on_time(tmp_path):
    """A long pause before the word: the word's first phone begins with its sound."""
    word = spoken(tmp_path / "word.wav", "papa", "en-us+f3")
    from inference.speech.sound import SoundReader

    samples = np.concatenate([silence(1.5), *SoundReader(word).blocks(), silence(0.5)])
    begin_s = int(np.argmax(np.abs(samples) > 0.02)) / RATE_HZ
    found = Aligner().align(samples, "Papa", lambda part: None).phones
    first = next(phone for phone in found if phone.name != "SIL")
    assert first.name == "P" and abs(first.start_s - begin_s) < 0.08
    assert all(a.end_s == pytest.approx(b.start_s) for a, b in pairwise(found))


@needs_aligner
def test_long_speech_is_followed_in_pieces(tmp_path):
    path = spoken(tmp_path / "a.wav", " ".join([SENTENCE] * 8), "en-us+f3")
    told: list[float] = []
    from inference.speech.sound import SoundReader

    samples = np.concatenate(list(SoundReader(path).blocks()))
    found = Aligner().align(samples, " ".join([SENTENCE] * 8), told.append)
    assert found.words == 8 * 13
    assert told == sorted(told) and told[0] == 0 and told[-1] > 0.99
    assert all(a.end_s == pytest.approx(b.start_s, abs=0.02) for a, b in pairwise(found.phones))
    assert sum(phone.name in ("P", "B", "M") for phone in found.phones) == 8 * 15


@pytest.mark.parametrize(
    ("guessed", "unknown", "told"),
    [
        ((), (), []),
        (("blorpy",), (), ["'blorpy' is not in the dictionary; it is spoken as it is spelled."]),
        (("a", "b"), (), ["'a' and 'b' are not in the dictionary; they are spoken as they are spelled."]),
        ((), ("7",), ["'7' is left out; write it in letters, as it is spoken."]),
        ((), ("1", "2", "3"), ["'1', '2' and '3' are left out; write them in letters, as they are spoken."]),
        (
            tuple("abcdefghi"),
            tuple("1234567890"),
            [
                "'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h' and 1 more word are not in the dictionary; "
                "they are spoken as they are spelled.",
                "'1', '2', '3', '4', '5', '6', '7', '8' and 2 more words are left out; "
                "write them in letters, as they are spoken.",
            ],
        ),
    ],
)
def test_sentences_name_the_words(monkeypatch, tmp_path, guessed, unknown, told):
    class Listener:
        def align(self, samples, transcript, step):
            return Alignment((Phone("AA", 0.0, 0.5),), 1, guessed, unknown)

    monkeypatch.setattr(alignment, "Aligner", Listener)
    path = write_sound(tmp_path / "a.wav", vowel("a", 0.5))
    track = read_speech(SpeechSpec(path, "Ah."), Digests(), NOTHING).track
    assert [finding.text for finding in track.findings] == told


@needs_aligner
def test_unknown_words_are_told_and_the_rest_goes_on(tmp_path):
    path = spoken(tmp_path / "a.wav", "My blorpy bear has 7 caps.", "en-us+f3")
    speech = read_speech(SpeechSpec(path, "My blorpy bear has 7 caps."), Digests(), NOTHING)
    told = {finding.kind: finding.text for finding in speech.track.findings}
    assert "blorpy" in told["guessed words"] and "7" in told["unknown words"]
    assert speech.words == 5


@needs_aligner
@pytest.mark.parametrize("text", ["\u4f60\u597d", "1 2 3", "Nothing of the kind is said here by anyone at all. " * 4])
def test_what_does_not_fit_is_refused_with_advice(tmp_path, text):
    path = spoken(tmp_path / "a.wav", "Hello.", "en-us+f3")
    with pytest.raises(TalkingHeadError) as caught:
        read_speech(SpeechSpec(path, text), Digests(), NOTHING)
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert "leave the transcript empty" in caught.value.hint
