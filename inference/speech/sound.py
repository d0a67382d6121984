# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound of any sound or movie file as mono samples, block by block, so that length does not matter."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from enum import Enum
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError, InvalidDataError
from av.video.stream import VideoStream

from ..errors import ErrorCode, TalkingHeadError
from ..media.images import check_file

RATE_HZ = 16000
# FFmpeg's flag of a stream that is a cover picture.
_ATTACHED_PICTURE = 0x400
# Time stamps are rounded, so that only longer gaps are ones; still longer ones are errors of the file.
_LEAST_GAP_S, _LONGEST_GAP_S = Fraction(1, 50), 600
_LOG = logging.getLogger(__name__)


class Zero(str, Enum):
    """From where time is counted."""

    SOUND = "sound"
    PICTURE = "picture"


class SoundReader:
    """The samples of one sound stream, once.

    Time is counted from the first sample, or from a movie's first picture: then sound that begins later comes after
    silence, and what lies before the picture is left out.

    Attributes:
        duration_s: length in seconds as the file states it, 0 where it does not.
        gaps_s: (start, end) of parts that are missing or could not be decoded, and are silent.

    Args:
        stream: which sound stream, from 0.
        zero: from where time is counted; without pictures always from the first sample.
        rate_hz: of the samples that are given out.

    Raises:
        TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE, UNSUPPORTED_INPUT, INVALID_REQUEST.
    """

    def __init__(self, path: Path, stream: int = 0, zero: Zero = Zero.SOUND, rate_hz: int = RATE_HZ) -> None:
        check_file(path)
        self._path = path
        self._rate_hz = rate_hz
        self._zero = zero
        self._start = Fraction(0)
        self.gaps_s: list[tuple[float, float]] = []
        try:
            self._container = av.open(str(path), "r")
        except FFmpegError as error:
            raise _damaged(path, str(error)) from error
        try:
            self._stream = _chosen(self._container, path, stream)
        except TalkingHeadError:
            self._container.close()
            raise
        length = self._container.duration
        self.duration_s = length / av.time_base if length else 0.0

    def blocks(self) -> Iterator[np.ndarray]:
        """(n,) float32 samples, channels mixed, about -1 to 1; n differs from block to block.

        Raises:
            TalkingHeadError: SOURCE_UNREADABLE.
        """
        begun, skip = False, 0
        for samples in self._samples():
            if not begun:
                begun = True
                offset = round(self._start * self._rate_hz)
                skip = max(0, -offset)
                yield from self._zeros(offset)
            kept = samples[skip:]
            skip -= len(samples) - len(kept)
            if len(kept):
                yield np.nan_to_num(kept, nan=0.0, posinf=0.0, neginf=0.0)
        if not begun:
            raise _damaged(self._path, "no sample can be decoded")

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _samples(self) -> Iterator[np.ndarray]:
        """Samples of the stream from its first one; sets ``_start`` before the first."""
        converter = _Converter(self._rate_hz)
        begun_s: Fraction | None = None
        expected_s = Fraction(0)
        given = 0
        for frame in self._frames():
            time_s = _time_of(frame, expected_s)
            if begun_s is None:
                begun_s = time_s
                self._start = self._start_of(frame)
            elif _LEAST_GAP_S < time_s - expected_s < _LONGEST_GAP_S:
                for samples in converter.flush():
                    given += len(samples)
                    yield samples
                missing = max(0, round((time_s - begun_s) * self._rate_hz) - given)
                at_s = float(self._start) + given / self._rate_hz
                self.gaps_s.append((at_s, at_s + missing / self._rate_hz))
                given += missing
                yield from self._zeros(missing)
            expected_s = time_s + Fraction(frame.samples, frame.sample_rate)
            for samples in converter.convert(frame):
                given += len(samples)
                yield samples
        yield from converter.flush()

    def _frames(self) -> Iterator[AudioFrame]:
        """Decoded frames; packets that cannot be decoded are left out, which time stamps show."""
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames = packet.decode()
                except InvalidDataError as error:
                    _LOG.warning("%s: %s", self._path, error)
                    continue
                yield from (frame for frame in frames if isinstance(frame, AudioFrame))
        except FFmpegError as error:
            raise _damaged(self._path, str(error)) from error

    def _zeros(self, count: int) -> Iterator[np.ndarray]:
        """Silence in blocks of at most a second."""
        for start in range(0, count, self._rate_hz):
            yield np.zeros(min(self._rate_hz, count - start), np.float32)

    def _start_of(self, frame: AudioFrame) -> Fraction:
        """Seconds from time zero to the stream's first frame; 0 where there are no pictures or no time stamps."""
        if self._zero is Zero.SOUND:
            return Fraction(0)
        pictures = moving_streams(self._container)
        if not pictures or frame.pts is None:
            return Fraction(0)
        return _time_of(frame, Fraction(0)) - (pictures[0].start_time or 0) * Fraction(pictures[0].time_base or 0)


def moving_streams(container: InputContainer) -> list[VideoStream]:
    """Streams of pictures of a file, without covers."""
    return [stream for stream in container.streams.video if not stream.disposition & _ATTACHED_PICTURE]


class _Converter:
    """Frames of any format to mono float32 samples at one rate; the format may change on the way."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._resampler: AudioResampler | None = None
        self._format: tuple[str, str, int] | None = None

    def convert(self, frame: AudioFrame) -> Iterator[np.ndarray]:
        format_ = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._format != format_:
            yield from self.flush()
        if self._resampler is None:
            self._resampler, self._format = AudioResampler("flt", "mono", self._rate_hz), format_
        for out in self._resampler.resample(frame):
            yield out.to_ndarray().ravel()

    def flush(self) -> Iterator[np.ndarray]:
        """What the resampler still holds."""
        if self._resampler is not None:
            for out in self._resampler.resample(None):
                yield out.to_ndarray().ravel()
            self._resampler = None


def _time_of(frame: AudioFrame, otherwise_s: Fraction) -> Fraction:
    """Time stamp in seconds, or what it is otherwise where there is none."""
    if frame.pts is None or frame.time_base is None:
        return otherwise_s
    return frame.pts * Fraction(frame.time_base)


def _chosen(container: InputContainer, path: Path, index: int) -> AudioStream:
    streams = container.streams.audio
    if not streams:
        what = "movie" if moving_streams(container) else "file"
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            f"The {what} {path} has no sound.",
            "Choose a sound file, or a movie in which someone speaks.",
        )
    if not 0 <= index < len(streams):
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"{path} has no sound stream {index}.",
            "Use 0, the only one." if len(streams) == 1 else f"Use a number from 0 to {len(streams) - 1}.",
        )
    return streams[index]


def _damaged(path: Path, reason: str) -> TalkingHeadError:
    _LOG.warning("%s: %s", path, reason)
    return TalkingHeadError(
        ErrorCode.SOURCE_UNREADABLE,
        f"{path} is damaged, incomplete or no sound.",
        "Copy or convert it again, for example to WAV or FLAC.",
        details=reason,
    )
