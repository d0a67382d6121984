# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m inference speak``: a sound to a performance file."""

from __future__ import annotations

import argparse
import os
import re
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..controls import BY_NAME
from ..errors import ErrorCode, TalkingHeadError
from ..media.digests import Digests
from ..motion import idle
from ..motion.mix import STRENGTH_NAMES, Drivers, Idle, mix
from ..motion.track import REST, Track
from ..performance import Performance, parse_rate, save
from ..weights.store import user_folder
from ..worker import logs
from ..worker.command_progress import show_progress
from ..worker.failures import as_error
from ..worker.task import Task
from .speech import SpeechSpec, read_speech
from .store import Speech

# What can only be meant as a file.
_TEXT_FILE = re.compile(r".*\.txt", re.IGNORECASE)


def speak(options: argparse.Namespace) -> int:
    """Run the command.

    Returns:
        Exit code 0.

    Raises:
        TalkingHeadError: with the sentence to show.
    """
    logs.start(30)
    strengths = {name: _strength(name, getattr(options, name)) for name in ("mouth", "blinks", "sway")}
    rate = parse_rate(options.rate)
    try:
        spec = SpeechSpec(options.sound.absolute(), transcript_of(options.transcript), options.stream)
        cache = options.cache or user_folder().parent
        speech = read_speech(spec, Digests(), Task(show_progress, lambda: None), cache)
        performance = performed(speech.track, rate, options.seed, strengths)
        save(performance, options.output.absolute())
    except (OSError, MemoryError) as error:
        raise as_error(error) from error
    _report(speech, spec)
    print(options.output)
    return 0


def performed(track: Track, rate: Fraction, seed: int, strengths: dict[str, float]) -> Performance:
    """The speech as a performance of the same length, with blinks and sway; frame f is read at f / rate seconds.

    Args:
        strengths: of ``mouth``, ``blinks`` and ``sway``, 0 to 2.
    """
    frames = max(1, round(len(track) / track.rate * rate))
    times_s = [frame / rate for frame in range(frames)]
    positions = [time_s * track.rate for time_s in times_s]
    seconds = np.array([float(time_s) for time_s in times_s])
    own = Idle(idle.blinks(seed, seconds), idle.sway(seed, seconds, track.activity_at(positions)))
    rows = np.ones((frames, len(STRENGTH_NAMES)))
    for name, value in strengths.items():
        rows[:, STRENGTH_NAMES.index(f"strength_{name}")] = value
    return Performance(rate, mix(np.tile(REST, (frames, 1)), rows, Drivers(speech=track.at(positions), idle=own)))


def transcript_of(text: str) -> str:
    """The text itself, or the content of the file that it names.

    Raises:
        TalkingHeadError: SOURCE_MISSING, INVALID_REQUEST.
    """
    if not os.path.isfile(text):  # noqa: PTH113 -- Path.is_file refuses text that is too long for a name
        if _TEXT_FILE.fullmatch(text):
            hint = "Check the path of the transcript, or write the text itself."
            raise TalkingHeadError(ErrorCode.SOURCE_MISSING, f"There is no file {text}.", hint)
        return text
    try:
        return Path(text).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"{text} cannot be read as text.", "Save it as UTF-8.", details=str(error)
        ) from error


def _strength(name: str, value: float) -> float:
    control = BY_NAME[f"strength_{name}"]
    if not control.minimum <= value <= control.maximum:
        limits = f"{control.minimum:g} to {control.maximum:g}"
        raise TalkingHeadError(ErrorCode.INVALID_REQUEST, f"{value:g} is no strength.", f"Use a number from {limits}.")
    return value


def _report(speech: Speech, spec: SpeechSpec) -> None:
    known = ", known already" if speech.cached else ""
    found = "1 word" if speech.words == 1 else f"{speech.words} words"
    words = f", {found} found" if spec.transcript else ""
    length_s = float(len(speech.track) / speech.track.rate)
    print(f"{length_s:.2f} s of sound by {speech.method}{words}{known}", file=sys.stderr)
    for finding in speech.track.findings:
        print(finding.text, file=sys.stderr)
