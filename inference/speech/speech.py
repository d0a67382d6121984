# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sound file as a track of mouth controls: read, analyzed, remembered by content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..controls import POSE_NAMES
from ..errors import ErrorCode, TalkingHeadError
from ..media.digests import Digests
from ..motion.track import REST, Finding, Track
from ..worker.task import Task
from .features import FRAMES_PER_S, Features, FeatureStream
from .mouth import Mouth, has_voice, mouth_of
from .sound import RATE_HZ, SoundReader, Zero
from .store import Speech, SpeechStore

FORMANTS, PHONES = "formants", "phones"
_LONGEST_TRANSCRIBED_S = 30 * 60
# Words that a sentence names one by one.
_MOST_LISTED = 8
_LISTENING, _FINDING = "listening", "finding the words"


@dataclass(frozen=True)
class SpeechSpec:
    """What is listened to.

    Attributes:
        sound: a sound file or a movie.
        transcript: what is said, in English; empty to go by the sound alone, in any language.
        stream: which sound stream of the file, from 0.
        zero: from where the track's time is counted.
    """

    sound: Path
    transcript: str = ""
    stream: int = 0
    zero: Zero = Zero.SOUND


def read_speech(spec: SpeechSpec, digests: Digests, task: Task, cache: Path | None = None) -> Speech:
    """Listen to a sound, unless it is remembered.

    Args:
        task: is told progress and asked whether to stop.
        cache: folder in which results are remembered by content; None for nowhere.

    Raises:
        TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE, UNSUPPORTED_INPUT, PACKAGE_MISSING, INVALID_REQUEST,
            CANCELLED.
    """
    transcript = " ".join(spec.transcript.split())
    store = SpeechStore(cache, [digests.of(spec.sound), transcript, spec.stream, spec.zero.value]) if cache else None
    known = store.load() if store else None
    if known is not None:
        return known
    speech = _transcribed(spec, transcript, task) if transcript else _heard(spec, task)
    if store:
        store.save(speech)
    return speech


def _heard(spec: SpeechSpec, task: Task) -> Speech:
    features, reader, _ = _listen(spec, task, keep_samples=False)
    findings = _gaps(features, reader)
    if not has_voice(features):
        text = "No voice was heard in the sound, so the mouth stays at rest."
        findings = (*findings, Finding("no voice", 0, len(features) - 1, text))
    return Speech(_track(mouth_of(features), findings), FORMANTS, 0)


def _transcribed(spec: SpeechSpec, transcript: str, task: Task) -> Speech:
    from .alignment import Aligner
    from .articulation import articulate

    aligner = Aligner()  # first, because a missing package should be told at once
    features, reader, samples = _listen(spec, task, keep_samples=True)
    task.stage(_FINDING, 100)

    def step(part: float) -> None:
        task.check()
        task.progress(round(100 * part), 100, _FINDING)
        task.between()

    found = aligner.align(samples, transcript, step)
    findings = _gaps(features, reader)
    last = len(features) - 1
    if found.guessed:
        findings = (*findings, Finding("guessed words", 0, last, _guessed(found.guessed)))
    if found.unknown:
        findings = (*findings, Finding("unknown words", 0, last, _left_out(found.unknown)))
    return Speech(_track(articulate(found.phones, features), findings), PHONES, found.words)


def _listen(spec: SpeechSpec, task: Task, keep_samples: bool) -> tuple[Features, SoundReader, np.ndarray]:
    """Features and, if they are kept, (n,) float32 samples at ``RATE_HZ``."""
    reader = SoundReader(spec.sound, spec.stream, spec.zero)
    stream, kept = FeatureStream(), []
    try:
        for samples in _told(reader, task):
            stream.feed(samples)
            if keep_samples:
                kept.append(samples)
                if stream.heard > _LONGEST_TRANSCRIBED_S * RATE_HZ:
                    raise _too_long(spec.sound)
        return stream.finish(), reader, np.concatenate(kept) if kept else np.zeros(0, np.float32)
    finally:
        reader.close()


def _told(reader: SoundReader, task: Task) -> Iterator[np.ndarray]:
    """The reader's blocks, with progress in seconds."""
    total = max(1, round(reader.duration_s))
    task.stage(_LISTENING, total)
    heard = 0
    for samples in reader.blocks():
        task.check()
        heard += len(samples)
        task.progress(min(heard // RATE_HZ, total - 1), total, _LISTENING)
        task.between()
        yield samples
    task.progress(total, total, _LISTENING)


def _track(mouth: Mouth, findings: tuple[Finding, ...]) -> Track:
    values = np.tile(REST, (len(mouth.activity), 1))
    for name in ("jaw_open", "mouth_wide", "mouth_pucker", "mouth_close"):
        values[:, POSE_NAMES.index(name)] = _as_sent(getattr(mouth, name))
    return Track(Fraction(FRAMES_PER_S), values, activity=_as_sent(mouth.activity), findings=findings)


def _as_sent(curve: np.ndarray) -> np.ndarray:
    """Rounded as messages and the cache round, so that what was heard before is the same to the last bit."""
    return curve.astype(np.float32).astype(np.float64)


def _gaps(features: Features, reader: SoundReader) -> tuple[Finding, ...]:
    last = len(features) - 1
    found = []
    for start_s, end_s in reader.gaps_s:
        first, end = round(start_s * FRAMES_PER_S), round(end_s * FRAMES_PER_S)
        text = f"The sound is missing or damaged from {start_s:.2f} to {end_s:.2f} s; the mouth rests there."
        found.append(Finding("gap", min(first, last), min(max(first, end), last), text))
    return tuple(found)


def _guessed(words: Sequence[str]) -> str:
    if len(words) == 1:
        return f"{_listed(words)} is not in the dictionary; it is spoken as it is spelled."
    return f"{_listed(words)} are not in the dictionary; they are spoken as they are spelled."


def _left_out(words: Sequence[str]) -> str:
    if len(words) == 1:
        return f"{_listed(words)} is left out; write it in letters, as it is spoken."
    return f"{_listed(words)} are left out; write them in letters, as they are spoken."


def _listed(words: Sequence[str]) -> str:
    """'a', 'b' and 'c'; of many only the first ones, and how many there are beside."""
    more = len(words) - _MOST_LISTED
    names = [f"'{word}'" for word in words[:_MOST_LISTED]]
    if more > 0:
        names.append("1 more word" if more == 1 else f"{more} more words")
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _too_long(path: Path) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.UNSUPPORTED_INPUT,
        f"{path} is too long to be followed with a transcript.",
        f"Use a part of at most {_LONGEST_TRANSCRIBED_S // 60} minutes, or leave the transcript empty.",
    )
