# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clips that cannot be followed, and what is told of those that can."""

from __future__ import annotations

import struct
from fractions import Fraction

import acting_clips
import cv2
import numpy as np
import pytest
from voices import vowel, write_sound

from inference.acting import CaptureSpec
from inference.capture.findings import findings_of
from inference.capture.holding import Holding
from inference.capture.read import captured
from inference.capture.recording import COLUMNS, Recording
from inference.errors import ErrorCode, TalkingHeadError
from inference.source import Source, SourceKind

GREY = np.full((64, 64, 3), 90, np.uint8)


def refusal(source, folder) -> TalkingHeadError:
    with pytest.raises(TalkingHeadError) as caught:
        captured(CaptureSpec(source), acting_clips.sessions(folder / "cache"), acting_clips.task())
    assert not (folder / "cache").exists()
    return caught.value


@pytest.mark.parametrize(("rate", "told"), [(Fraction(2000), "2000"), (Fraction(1, 2000), "0.0005")])
def test_rates_that_no_performance_can_have(tmp_path, rate, told):
    error = refusal(acting_clips.movie(tmp_path / "odd.mp4", [GREY] * 3, rate), tmp_path)
    assert error.code is ErrorCode.UNSUPPORTED_INPUT
    assert f"odd.mp4 has {told} pictures a second; rates from 1/1000 to 1000 can be followed." in str(error)


def with_cover(flac: bytes) -> bytes:
    """A FLAC file with a cover: a PICTURE block after the first block (RFC 9639, 8.8)."""
    png = cv2.imencode(".png", GREY)[1].tobytes()
    mime = b"image/png"
    body = struct.pack(">II", 3, len(mime)) + mime + struct.pack(">IIIII", 0, 64, 64, 24, 0)
    body += struct.pack(">I", len(png)) + png
    end = 8 + int.from_bytes(flac[5:8], "big")
    return flac[:end] + bytes([6]) + len(body).to_bytes(3, "big") + body + flac[end:]


@pytest.mark.parametrize("kind", [SourceKind.MOVIE, SourceKind.IMAGE])
@pytest.mark.parametrize("cover", [False, True])
def test_sound_has_no_picture_to_follow(tmp_path, kind, cover):
    path = write_sound(tmp_path / "song.flac", vowel("a", 0.3), "flac")
    if cover:
        path.write_bytes(with_cover(path.read_bytes()))
    error = refusal(Source(kind, (str(path),)), tmp_path)
    assert error.code is ErrorCode.UNSUPPORTED_INPUT
    assert (error.message, error.hint) == (f"The file {path} has no picture to follow.", "Choose a movie of a face.")


@pytest.mark.parametrize(
    ("spans_px", "told"),
    [
        ([90, 20, 90], "The face is very small in picture 2 (20 pixels from eye to eye);"),
        ([90, 20, 12], "The face is very small in pictures 2 to 3 (12 pixels from eye to eye);"),
        ([20, 90, 1], "The face is very small in 2 pictures from 1 to 3 (1 pixel from eye to eye);"),
        ([90, None, 90], "The face was lost in picture 2; its last pose is held there."),
        ([None, None, 90], "The face was lost in pictures 1 to 2; the first pose that was seen is held there."),
    ],
)
def test_findings_name_their_pictures(spans_px, told):
    seen = np.zeros((len(spans_px), len(COLUMNS)), np.float32)
    for row, span_px in zip(seen, spans_px, strict=True):
        row[COLUMNS.index("span")] = span_px or 0
        row[:] = row if span_px else np.nan
    recording = Recording(
        seen,
        np.zeros((len(seen), 468, 3), np.float32),
        np.zeros((len(seen), 478, 2), np.float32),
        (),
        1,
        (-1, -1),
        (640, 480),
    )
    (finding,) = findings_of(recording, Holding.over(recording.found, Fraction(25)))
    assert finding.text.startswith(told)
