# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Movies by picture index, exact also with B-frames, late starts and varying rates."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.context import CodecContext
from av.container import InputContainer
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from ..errors import ErrorCode, TalkingHeadError
from .digests import Digests
from .images import check_size
from .picture import Alpha, Picture
from .timing import tick_at

_LOG = logging.getLogger(__name__)
# Without these flags FFmpeg's conversion cuts off instead of rounding and makes pictures one level darker.
EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
# Pictures to read on rather than seek.
_NOT_WORTH_SEEKING = 8
_WITH_ALPHA_DECODER = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


@dataclass(frozen=True)
class MovieIndex:
    """Where the pictures of a movie are.

    Attributes:
        stamps: time stamps in presentation order, in ticks; picture numbers where ``counted``.
        keys: time stamps of key frames, ascending.
        time_base: seconds a tick.
        rate: nominal pictures a second, as FFmpeg guesses it and Blender uses it.
        count: pictures at the nominal rate.
        size: (width, height) in px, upright.
        floating, counted: pictures are floating point; the file has no time stamps, so pictures are counted.
        decoder: name of a decoder to use instead of FFmpeg's own, or "".
    """

    stamps: tuple[int, ...]
    keys: tuple[int, ...]
    time_base: Fraction
    rate: Fraction
    count: int
    size: tuple[int, int]
    floating: bool
    counted: bool
    decoder: str

    def stamp(self, index: int) -> int:
        """Stamp of the picture shown at time index / rate: the last one that is not later."""
        if self.counted:
            return self.stamps[min(index, len(self.stamps) - 1)]
        # Containers round stamps to their tick, so the time asked for is rounded likewise.
        tick = self.stamps[0] + tick_at(index / self.rate, self.time_base)
        return self.stamps[max(0, bisect_right(self.stamps, tick) - 1)]

    def key_before(self, stamp: int) -> int:
        """Stamp of the last key frame at or before a stamp; the first picture's where there is none."""
        place = bisect_right(self.keys, stamp)
        return self.keys[place - 1] if place else self.stamps[0]


class MovieReader:
    """Pictures of a movie. Reading on is fast; going elsewhere seeks to the key frame before."""

    def __init__(self, path: Path, digests: Digests) -> None:
        self._path = path
        self._digests = digests
        self._index = digests.remembered(path, read_index)
        self._container: InputContainer | None = None
        self._decoded: Iterator[tuple[int, VideoFrame]] = iter(())
        self._shown: tuple[int, VideoFrame] | None = None
        self._following: tuple[int, VideoFrame] | None = None

    @property
    def rate(self) -> Fraction | None:
        """Nominal pictures a second."""
        return self._index.rate

    def __len__(self) -> int:
        return self._index.count

    def size(self) -> tuple[int, int]:
        """(width, height) in px, upright."""
        return self._index.size

    def read(self, index: int) -> Picture:
        """Decode the picture shown at time index / rate; an index past the end gives the last one."""
        stamp = self._index.stamp(min(index, self._index.count - 1))
        try:
            return picture_of(self._frame(stamp))
        except FFmpegError as error:
            raise _damaged(self._path, f"picture {index}: {error}") from error

    def digest(self, index: int) -> str:
        """Digest of the movie file."""
        return self._digests.of(self._path)

    def extension(self, index: int) -> str:
        """Extension ".exr" for floating point movies, ".png" for others."""
        return ".exr" if self._index.floating else ".png"

    def close(self) -> None:
        """Close the file; reading again opens it."""
        self._decoded = iter(())
        self._shown = self._following = None
        if self._container is not None:
            self._container.close()
            self._container = None

    def _frame(self, stamp: int) -> VideoFrame:
        if self._shown is None or not self._is_near(stamp, self._shown[0]):
            self._go_before(stamp)
        while self._shown is None or self._shown[0] < stamp:
            following = self._following or next(self._decoded, None)
            self._following = None
            if following is None:
                break
            if self._shown is not None and following[0] > stamp:
                self._following = following
                break
            self._shown = following
        if self._shown is None:
            raise _damaged(self._path, f"no picture at or after stamp {stamp}")
        return self._shown[1]

    def _is_near(self, stamp: int, shown: int) -> bool:
        """Whether reading on from the picture shown is about as short as seeking to the key frame before."""
        if stamp < shown:
            return False
        here, there, key = (bisect_right(self._index.stamps, s) for s in (shown, stamp, self._index.key_before(stamp)))
        return there - here <= there - key + _NOT_WORTH_SEEKING

    def _go_before(self, stamp: int) -> None:
        """Start decoding at a key frame from which the stamp is reached; further back where seeking lands too late."""
        index = self._index
        place = max(0, bisect_right(index.keys, stamp) - 1)
        while True:
            self._start(index.keys[place] if index.keys and place else None)
            first = next(self._decoded, None)
            if place == 0 or (first is not None and first[0] <= stamp):
                break
            place -= 1
        self._shown = first

    def _start(self, key: int | None) -> None:
        """Decode from a key frame, or from the start of the file for None."""
        if key is None or self._index.counted or self._container is None:
            self.close()
            self._container = _open(self._path)
        if key is not None and not self._index.counted:
            self._container.seek(key, stream=self._container.streams.video[0], backward=True)
        self._following = None
        self._decoded = _decode(self._container, self._index.decoder, self._index.counted)


def read_index(path: Path) -> MovieIndex:
    """Read the stamps of all pictures, without decoding more than the first.

    Raises:
        TalkingHeadError: SOURCE_UNREADABLE, SOURCE_TOO_LARGE, UNSUPPORTED_INPUT.
    """
    try:
        with _open(path) as container:
            stream = container.streams.video[0]
            check_size(path, stream.codec_context.width, stream.codec_context.height)
            decoder = _decoder_name(stream)
            first = next(_decode(container, decoder, counted=True), None)
            if first is None:
                raise _damaged(path, "no picture can be decoded")
        with _open(path) as container:
            return _indexed(container, first[1], decoder)
    except FFmpegError as error:
        raise _damaged(path, str(error)) from error


def _indexed(container: InputContainer, first: VideoFrame, decoder: str) -> MovieIndex:
    stream = container.streams.video[0]
    packets = [packet for packet in container.demux(stream) if packet.size and not packet.is_discard]
    known = [(packet.pts, packet.duration or 0) for packet in packets if packet.pts is not None]
    counted = len(known) < len(packets)
    time_base = Fraction(stream.time_base or Fraction(1, 1000))
    rate = Fraction(stream.guessed_rate or stream.average_rate or 25)
    if counted:
        stamps, keys, count = list(range(len(packets))), [0], len(packets)
    else:
        stamps = sorted({stamp for stamp, _ in known})
        keys = sorted(packet.pts for packet in packets if packet.is_keyframe and packet.pts is not None)
        count = round((sum(max(known)) - stamps[0]) * time_base * rate) or 1
    upright = (first.height, first.width) if first.rotation % 180 else (first.width, first.height)
    floating = "f32" in first.format.name or "f16" in first.format.name
    return MovieIndex(tuple(stamps), tuple(keys), time_base, rate, count, upright, floating, counted, decoder)


def _open(path: Path) -> InputContainer:
    container = av.open(str(path), "r")
    if not container.streams.video:
        container.close()
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT, f"{path} holds no pictures.", "Choose a movie that has a video stream."
        )
    container.streams.video[0].thread_type = "AUTO"
    return container


def _decoder_name(stream: VideoStream) -> str:
    """FFmpeg's own VP8 and VP9 decoders drop the alpha that WebM carries beside the picture."""
    tags = {name.lower(): value for name, value in stream.metadata.items()}
    if tags.get("alpha_mode") == "1":
        return _WITH_ALPHA_DECODER.get(stream.codec_context.name, "")
    return ""


def _decode(container: InputContainer, decoder: str, counted: bool) -> Iterator[tuple[int, VideoFrame]]:
    """Frames in presentation order with their stamps (with their numbers if ``counted``)."""
    stream = container.streams.video[0]
    context = _alpha_decoder(stream, decoder) if decoder else stream.codec_context
    number = 0
    for packet in container.demux(stream):
        # PyAV ends with an empty packet, which makes the decoder give what it still holds.
        for frame in context.decode(packet if packet.size else None):
            stamp = number if counted or frame.pts is None else frame.pts
            number += 1
            yield stamp, frame


def _alpha_decoder(stream: VideoStream, name: str) -> VideoCodecContext:
    context = CodecContext.create(name, "r")
    assert isinstance(context, VideoCodecContext)
    context.extradata = stream.codec_context.extradata
    return context


def picture_of(frame: VideoFrame) -> Picture:
    """A decoded frame as a picture, upright: 8 bit stays 8 bit, more becomes 16 bit.

    Y'CbCr is converted with the matrix and range that the stream states; where it states none, BT.601 limited, as
    FFmpeg and Blender do.
    """
    alpha = any(component.is_alpha for component in frame.format.components)
    deep = max(component.bits for component in frame.format.components) > 8
    if deep:
        pixels = _converted(frame, "rgba64le" if alpha else "rgb48le")
        pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    else:
        pixels = _converted(frame, "bgra" if alpha else "bgr24")
    turns = round(frame.rotation / 90) % 4
    pixels = np.ascontiguousarray(np.rot90(pixels, turns) if turns else pixels)
    return Picture(pixels, Alpha.STRAIGHT if alpha else Alpha.NONE)


def _converted(frame: VideoFrame, pixel_format: str) -> np.ndarray:
    return frame.reformat(format=pixel_format, interpolation=EXACT).to_ndarray()


def _damaged(path: Path, reason: str) -> TalkingHeadError:
    _LOG.warning("%s: %s", path, reason)
    return TalkingHeadError(
        ErrorCode.SOURCE_UNREADABLE,
        f"{path} is damaged, incomplete or no movie.",
        "Copy or convert it again, for example to H.264 in an MP4 file.",
        details=reason,
    )
