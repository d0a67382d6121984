# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m inference capture``: a driving clip to a performance file."""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction

import numpy as np

from ..acting import CaptureSpec
from ..errors import ErrorCode, TalkingHeadError
from ..media.digests import Digests
from ..motion.track import Track
from ..performance import Performance, parse_rate, save
from ..source import FaceChoice, SourceKind
from ..weights.store import WeightStore, default_folders, user_folder
from ..worker import logs
from ..worker.command_progress import show_progress
from ..worker.failures import as_error
from ..worker.render_options import neutral_from, source_of
from ..worker.sessions import Sessions
from ..worker.task import Task
from .capture import Capture
from .read import captured
from .template import TemplateCapture
from .whole import WholeCapture

# As fine as the sliders' curves, and far finer than what is measured.
_DECIMALS = 4


def capture(options: argparse.Namespace) -> int:
    """Run the command.

    Returns:
        Exit code 0.

    Raises:
        TalkingHeadError: with the sentence to show.
    """
    logs.start(30)
    try:
        rate = parse_rate(options.rate) if options.rate else None
        spec = spec_of(options)
        found = _captured(spec, options)
        performance = resampled(found.track, rate or found.track.rate)
        save(performance, options.output.absolute())
    except (OSError, MemoryError) as error:
        raise as_error(error) from error
    _report(found)
    print(options.output)
    return 0


def spec_of(options: argparse.Namespace) -> CaptureSpec:
    """What the options ask of the clip.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    source = source_of(options.clip.absolute())
    if options.clip_rate and source.kind is SourceKind.MOVIE:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"{options.clip} is a movie, which has a rate of its own.",
            "Leave --clip-rate; --rate sets the frames a second of the performance.",
        )
    return CaptureSpec(
        source=source,
        face=FaceChoice(options.face),
        neutral=neutral_from(options.neutral),
        smoothing=options.smoothing,
        rate=parse_rate(options.clip_rate) if options.clip_rate else None,
    )


def resampled(track: Track, rate: Fraction) -> Performance:
    """A track as long as before at another rate; frame f is read at exactly f / rate seconds."""
    frames = max(1, round(len(track) / track.rate * rate))
    values = track.at([frame / rate * track.rate for frame in range(frames)])
    return Performance(rate, np.round(values, _DECIMALS))


def _captured(spec: CaptureSpec, options: argparse.Namespace) -> Capture | TemplateCapture | WholeCapture:
    weights = WeightStore([*options.weights, *default_folders()])
    # The clip is watched once; another neutral picture, smoothing or rate takes it from here.
    sessions = Sessions(weights, Digests(), lambda: None, options.cache or user_folder().parent)
    try:
        return captured(spec, sessions, Task(show_progress, lambda: None))
    finally:
        sessions.unload()


def _report(found: Capture | TemplateCapture | WholeCapture) -> None:
    rate = float(found.track.rate)
    known = ", known already" if found.cached else ""
    pictures = "1 picture" if found.pictures == 1 else f"{found.pictures} pictures"
    print(f"{pictures} at {rate:.6g} a second{known}", file=sys.stderr)
    print(f"neutral face: picture {found.track.neutral + 1}", file=sys.stderr)
    for finding in found.track.findings:
        print(finding.text, file=sys.stderr)
