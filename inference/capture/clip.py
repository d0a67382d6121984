# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens a driving clip, and says what cannot be followed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError

from ..acting import CaptureSpec
from ..errors import ErrorCode, TalkingHeadError
from ..media.reader import SourceReader
from ..performance import FASTEST_RATE, SLOWEST_RATE
from ..source import SourceKind
from ..speech.sound import moving_streams
from ..worker.sessions import Sessions

# Stills that nobody gave a rate.
_STILL_RATE = Fraction(25)


def open_clip(spec: CaptureSpec, sessions: Sessions) -> SourceReader:
    """The pictures of a clip; the caller closes them.

    Raises:
        TalkingHeadError: UNSUPPORTED_INPUT for a file without pictures, INVALID_REQUEST, what opening the clip raises.
    """
    if spec.face.points and not spec.whole:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "A driving clip cannot be followed by points that were placed by hand.",
            "Choose a clip whose face is found by itself.",
        )
    file = Path(spec.source.files[0])
    if spec.source.kind is not SourceKind.SEQUENCE and sessions.digests.remembered(file, is_sound_only):
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT, f"The file {file} has no picture to follow.", "Choose a movie of a face."
        )
    return sessions.reader(spec.source)


def rate_of(spec: CaptureSpec, reader: SourceReader) -> Fraction:
    """Pictures a second of a clip.

    Raises:
        TalkingHeadError: UNSUPPORTED_INPUT where no performance can have the rate.
    """
    rate = spec.rate or reader.rate or _STILL_RATE
    if SLOWEST_RATE <= rate <= FASTEST_RATE:
        return rate
    raise TalkingHeadError(
        ErrorCode.UNSUPPORTED_INPUT,
        f"{spec.source.files[0]} has {float(rate):.6g} pictures a second; "
        f"rates from {SLOWEST_RATE} to {FASTEST_RATE} can be followed.",
        "Convert it to a usual rate, such as 25 pictures a second.",
    )


def is_sound_only(path: Path) -> bool:
    """Whether a file holds sound but no pictures, apart from a cover. What cannot be opened is left to its reader."""
    try:
        with av.open(str(path), "r") as container:
            return bool(container.streams.audio) and not moving_streams(container)
    except FFmpegError:
        return False
