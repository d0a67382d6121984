# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A movie from frame files: H.264, FFV1 (lossless) or ProRes 4444 (with alpha), with sound if wanted."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from ..errors import ErrorCode, TalkingHeadError
from .colour import for_display
from .encode import write_error, write_under_temporary_name
from .images import check_file, read_image
from .movies import EXACT
from .picture import Picture
from .provenance import comment_of

CODEC_BY_EXTENSION: Mapping[str, str] = {".mp4": "h264", ".mkv": "ffv1", ".mov": "prores4444"}


@dataclass(frozen=True)
class _Codec:
    """How a codec is written: encoder, options, containers by extension, encoder of the sound, alpha, depth."""

    encoder: str
    options: Mapping[str, str]
    containers: Mapping[str, str]
    sound: str
    alpha: bool
    deep: bool


# FFmpeg holds a rate in two numbers of 32 bit.
_FINEST_RATE = 1_000_000
_CODECS: Mapping[str, _Codec] = {
    "h264": _Codec(
        "libx264", {"crf": "17", "preset": "medium"}, {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}, "aac",
        alpha=False, deep=False,
    ),
    "ffv1": _Codec("ffv1", {"level": "3", "slicecrc": "1"}, {".mkv": "matroska"}, "flac", alpha=True, deep=True),
    "prores4444": _Codec("prores_ks", {"profile": "4444"}, {".mov": "mov"}, "pcm_s16le", alpha=True, deep=True),
}  # fmt: skip


@dataclass(frozen=True)
class MovieExport:
    """What to write.

    Attributes:
        frames: frame files in order; all of one size.
        rate: frames a second.
        codec: "h264" (8 bit 4:2:0; alpha over black; odd sides padded by repeating the last row or column),
            "ffv1" (lossless R, G, B, A with 8 or 16 bit) or "prores4444" (10 bit, alpha).
        output: the movie; its extension must be one the codec goes into.
        sound: a file whose first sound is put in, cut at the movie's end.
    """

    frames: tuple[Path, ...]
    rate: Fraction
    codec: str
    output: Path
    sound: Path | None = None


def export_movie(export: MovieExport, step: Callable[[int], None] = lambda done: None) -> None:
    """Write the movie under a temporary name, then rename it.

    Args:
        step: called after each frame with the number of frames done; may raise to give up, and nothing is left.

    Raises:
        TalkingHeadError: INVALID_REQUEST, SOURCE_MISSING, SOURCE_UNREADABLE, UNSUPPORTED_INPUT, DISK_FULL,
            OUTPUT_NOT_WRITABLE.
    """
    codec = _codec(export)
    if not export.frames:
        raise TalkingHeadError(ErrorCode.INVALID_REQUEST, "There are no frames to export.", "Render the strip first.")
    if export.sound is not None:
        check_file(export.sound)
    container_format = codec.containers[export.output.suffix.lower()]

    def write(temporary: Path) -> None:
        options = {"movflags": "+faststart"} if container_format != "matroska" else {}
        try:
            with av.open(str(temporary), "w", format=container_format, options=options) as container:
                _write(container, export, codec, step)
        except FFmpegError as error:
            raise _write_failed(export, error) from error

    write_under_temporary_name(export.output, write)


def _codec(export: MovieExport) -> _Codec:
    codec = _CODECS.get(export.codec)
    if codec is None:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST, f"There is no codec '{export.codec}'.", "Use one of: " + ", ".join(_CODECS) + "."
        )
    if export.output.suffix.lower() not in codec.containers:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"{export.codec} does not go into a {export.output.suffix or 'nameless'} file.",
            "Use the extension " + " or ".join(codec.containers) + ".",
        )
    return codec


def _write_failed(export: MovieExport, error: FFmpegError) -> TalkingHeadError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.ENOENT, errno.EROFS):
        return write_error(export.output, OSError(error.errno, str(error)))
    return TalkingHeadError(
        ErrorCode.INTERNAL, f"The movie {export.output.name} could not be encoded.", "Try another codec.",
        details=str(error),
    )  # fmt: skip


def _write(container: OutputContainer, export: MovieExport, codec: _Codec, step: Callable[[int], None]) -> None:
    first = read_image(export.frames[0])
    if comment := comment_of(export.frames[0]):
        container.metadata["comment"] = comment
    layout = _layout(first, codec)
    rate = _rate_of(export)
    stream = _video_stream(container, rate, codec, layout)
    sound = _sound(container, export, codec) if export.sound else iter(())
    for number, path in enumerate(export.frames):
        picture = first if number == 0 else read_image(path)
        if picture.size != first.size:
            raise TalkingHeadError(
                ErrorCode.UNSUPPORTED_INPUT,
                "The frames differ in size: {} x {} and {} x {} pixels.".format(*first.size, *picture.size),
                "A movie has one size: export the parts one by one.",
                details=str(path),
            )
        frame = _frame(picture, layout)
        frame.pts, frame.time_base = number, 1 / rate
        container.mux(stream.encode(frame))
        _sound_until(container, sound, (number + 1) / export.rate)
        step(number + 1)
    container.mux(stream.encode(None))
    _sound_until(container, sound, None)


@dataclass(frozen=True)
class _Layout:
    """How frames lie in the movie: size in px, FFmpeg's pixel format, whether it has alpha and more than 8 bits."""

    width: int
    height: int
    pixel_format: str
    alpha: bool
    deep: bool


def _layout(first: Picture, codec: _Codec) -> _Layout:
    width, height = first.size
    alpha = codec.alpha and first.pixels.shape[2] == 4
    deep = codec.deep and first.pixels.dtype != np.uint8
    if codec.encoder == "libx264":
        # 4:2:0 halves the colour planes, so both sides are even.
        width, height = width + width % 2, height + height % 2
        pixel_format = "yuv420p"
    elif codec.encoder == "ffv1":
        pixel_format = ("gbrap16le" if alpha else "gbrp16le") if deep else ("bgra" if alpha else "bgr0")
    else:
        pixel_format = "yuva444p10le" if alpha else "yuv444p10le"
    return _Layout(width, height, pixel_format, alpha, deep)


def _rate_of(export: MovieExport) -> Fraction:
    """The rate as FFmpeg can hold it, in 32 bit: 23.976023976023976 becomes 24000/1001."""
    return export.rate.limit_denominator(_FINEST_RATE)


def _video_stream(container: OutputContainer, rate: Fraction, codec: _Codec, layout: _Layout) -> VideoStream:
    stream = container.add_stream(codec.encoder, rate=rate, options=dict(codec.options))
    assert isinstance(stream, VideoStream)
    stream.width, stream.height, stream.pix_fmt = layout.width, layout.height, layout.pixel_format
    context = stream.codec_context
    context.time_base = 1 / rate
    if layout.pixel_format.startswith("yuv"):
        # ITU-T H.273: 1 is BT.709 for matrix and primaries, 13 the sRGB curve; range 1 is limited.
        context.colorspace, context.color_range = 1, 1
        context.color_primaries, context.color_trc = 1, 13
    return stream


def _frame(picture: Picture, layout: _Layout) -> VideoFrame:
    pixels = for_display(picture, layout.deep).pixels
    if pixels.shape[2] == 4 and not layout.alpha:
        pixels = _over_black(pixels)
    padding = ((0, layout.height - pixels.shape[0]), (0, layout.width - pixels.shape[1]), (0, 0))
    pixels = np.pad(pixels, padding, mode="edge") if any(map(sum, padding)) else pixels
    if layout.deep:
        pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    names = ("rgba64le", "rgb48le") if layout.deep else ("bgra", "bgr24")
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), names[pixels.shape[2] == 3])
    if not layout.pixel_format.startswith("yuv"):
        return frame.reformat(format=layout.pixel_format)
    halved = layout.pixel_format == "yuv420p"
    converted = frame.reformat(
        format="yuv444p" if halved else layout.pixel_format, dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG, dst_color_range=ColorRange.MPEG, interpolation=EXACT,
    )  # fmt: skip
    return _halved_colour(converted) if halved else converted


def _halved_colour(frame: VideoFrame) -> VideoFrame:
    """4:4:4 to 4:2:0 with colour samples beside the left pixels, where H.264 has them (ITU-T H.264, figure 6-1).

    FFmpeg's own conversion puts them between the pixels, which shifts colours by half a pixel.
    """
    luma, *colours = frame.to_ndarray()
    planes = [luma]
    for plane in colours:
        rows = plane[0::2].astype(np.uint16) + plane[1::2]
        rows = np.pad(rows, ((0, 0), (1, 0)), mode="edge")
        planes.append(((rows[:, 0:-1:2] + 2 * rows[:, 1::2] + rows[:, 2::2] + 4) >> 3).astype(np.uint8))
    stacked = np.concatenate([plane.reshape(-1) for plane in planes])
    return VideoFrame.from_ndarray(stacked.reshape(-1, luma.shape[1]), "yuv420p")


def _over_black(pixels: np.ndarray) -> np.ndarray:
    full = np.iinfo(pixels.dtype).max
    colour = pixels[..., :3].astype(np.float32) * (pixels[..., 3:].astype(np.float32) / full)
    return np.rint(colour).astype(pixels.dtype)


def _sound(container: OutputContainer, export: MovieExport, codec: _Codec) -> Iterator[av.Packet]:
    """Encoded packets of the sound, cut at the movie's end; the stream is added at once."""
    assert export.sound is not None
    try:
        source = av.open(str(export.sound))
    except FFmpegError as error:
        raise _no_sound(export.sound, str(error)) from error
    if not source.streams.audio:
        source.close()
        raise _no_sound(export.sound, "no audio stream")
    rate = source.streams.audio[0].rate
    target = container.add_stream(codec.sound, rate=rate, layout="stereo")
    assert isinstance(target, AudioStream)
    end = round(len(export.frames) / export.rate * rate)
    return _sound_packets(source, target, end)


def _sound_packets(source: InputContainer, target: AudioStream, end: int) -> Iterator[av.Packet]:
    context = target.codec_context
    if not context.is_open:
        context.open()
    resampler = AudioResampler(context.format, "stereo", context.rate, context.frame_size or 1024)
    place = 0
    with source:
        for decoded in source.decode(source.streams.audio[0]):
            decoded.pts = None
            for frame in resampler.resample(decoded):
                if place >= end:
                    break
                frame.pts, frame.time_base = place, Fraction(1, context.rate)
                place += frame.samples
                yield from target.encode(frame)
            if place >= end:
                break
    yield from target.encode(None)


def _sound_until(container: OutputContainer, packets: Iterator[av.Packet], time_s: Fraction | None) -> None:
    """Write sound up to a time (all of it for None), so that picture and sound lie side by side in the file."""
    for packet in packets:
        container.mux(packet)
        if time_s is not None and packet.pts is not None and packet.pts * packet.time_base >= time_s:
            return


def _no_sound(path: Path, reason: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.UNSUPPORTED_INPUT, f"{path} holds no sound that can be read.", "Choose another sound file.",
        details=reason,
    )  # fmt: skip
