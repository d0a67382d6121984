# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Still pictures from files, at rest: depth, alpha and values are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from ..errors import ErrorCode, TalkingHeadError
from . import exr
from .headers import Header, read_header
from .picture import Alpha, Picture

# OpenCV's remap takes no longer side.
MAX_SIDE_PX = 32766
MAX_PIXELS = 1 << 28
# File name extensions of what ``read_image`` decodes.
EXTENSIONS = frozenset(
    """.avif .bmp .dib .dpx .exr .gif .hdr .j2k .jp2 .jpe .jpeg .jpg .pbm .pfm .pgm .pic .png .pnm .ppm .psd .rgb .sgi
    .tga .tif .tiff .webp""".split()
)
_AV_DECODERS = {".tga": "targa", ".dpx": "dpx", ".sgi": "sgi", ".rgb": "sgi", ".psd": "psd"}


def read_image(path: Path, premultiplied: bool | None = None) -> Picture:
    """Decode a picture, its Exif orientation applied.

    PNG, JPEG, WebP, TIFF, BMP, GIF, JPEG 2000, AVIF, PNM, HDR by OpenCV; OpenEXR, TGA, DPX, SGI, PSD by av.
    8 and 16 bit stay as they are, 32 bit floats too; grey becomes B = G = R.

    Args:
        premultiplied: whether the file holds colour multiplied by alpha; None is the format's convention. TIFF says it
            itself. What comes back is straight for whole numbers and premultiplied for floats in any case.

    Raises:
        TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE, SOURCE_TOO_LARGE, UNSUPPORTED_INPUT.
    """
    header = image_header(path)
    data = _bytes_of(path)
    if header is not None and header.format == "exr":
        return _read_exr(path, data, premultiplied is not False)
    raw = _decode(path, data, header)
    check_size(path, raw.shape[1], raw.shape[0])
    if header is not None and header.format == "tiff":
        premultiplied = header.premultiplied
    return _picture(path, raw, header, premultiplied is True)


def image_header(path: Path) -> Header | None:
    """The header of a picture file, None where only a decoder can tell; its size is within the limits.

    Raises:
        TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE, SOURCE_TOO_LARGE.
    """
    check_file(path)
    try:
        with path.open("rb") as stream:
            header = read_header(stream)
    except OSError as error:
        raise unreadable(path, str(error)) from error
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    if header is not None:
        check_size(path, *header.size)
    return header


def oriented_size(header: Header) -> tuple[int, int]:
    """(width, height) in px after the orientation is applied."""
    width, height = header.size
    return (height, width) if header.orientation >= 5 else (width, height)


def check_file(path: Path) -> None:
    """Refuse what is no file with content.

    Raises:
        TalkingHeadError: SOURCE_MISSING, SOURCE_UNREADABLE.
    """
    try:
        size = path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        raise TalkingHeadError(
            ErrorCode.SOURCE_MISSING, f"There is no file {path}.", "Find the missing file, or choose another source."
        ) from None
    except (OSError, ValueError) as error:
        raise unreadable(path, str(error)) from error
    if path.is_dir():
        raise unreadable(path, "it is a folder")
    if size == 0:
        raise TalkingHeadError(
            ErrorCode.SOURCE_UNREADABLE, f"The file {path} is empty.", "Copy it again, or choose another source."
        )


def check_size(path: Path, width: int, height: int) -> None:
    """Refuse pictures over the limits, before memory is taken.

    Raises:
        TalkingHeadError: SOURCE_TOO_LARGE, or SOURCE_UNREADABLE for an empty picture.
    """
    if width < 1 or height < 1:
        raise _damaged(path, f"{width} x {height} pixels")
    if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise TalkingHeadError(
            ErrorCode.SOURCE_TOO_LARGE,
            f"{path.name} is too large: {width} x {height} pixels.",
            f"Scale it to at most {MAX_SIDE_PX} pixels a side and {MAX_PIXELS // 1_000_000} million pixels in all.",
        )


def unreadable(path: Path, reason: str) -> TalkingHeadError:
    """The error for a file that cannot be opened."""
    return TalkingHeadError(
        ErrorCode.SOURCE_UNREADABLE, f"{path} cannot be read.", "Check the file and its permissions.", details=reason
    )


def _damaged(path: Path, reason: str) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.SOURCE_UNREADABLE,
        f"{path} is damaged, incomplete or no picture.",
        "Copy or export it again as PNG, JPEG, WebP, TIFF or OpenEXR.",
        details=reason,
    )


def _bytes_of(path: Path) -> np.ndarray:
    """The file as uint8. Read here, not by OpenCV: its paths fail on names outside the code page on Windows."""
    try:
        return np.fromfile(path, np.uint8)
    except OSError as error:
        raise unreadable(path, str(error)) from error


def _read_exr(path: Path, data: np.ndarray, premultiplied: bool) -> Picture:
    try:
        pixels, half = exr.decode(data.tobytes())
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    if pixels.shape[2] == 3:
        return Picture(pixels, Alpha.NONE, half)
    return replace(_with_alpha(pixels, premultiplied), half=half)


def _decode(path: Path, data: np.ndarray, header: Header | None) -> np.ndarray:
    if header is not None and header.format == "tiff" and header.alpha_tag and not header.premultiplied:
        data = _declare_associated(data, header)
    try:
        raw = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise _damaged(path, str(error)) from error
    if raw is None and header is None:
        raw = _decode_with_av(path, data)
    if raw is None:
        raise _damaged(path, "OpenCV cannot decode it")
    return raw


def _declare_associated(data: np.ndarray, header: Header) -> np.ndarray:
    """The file with its alpha declared associated: libtiff's 8 bit reader would multiply straight colour by alpha."""
    data = data.copy()
    low = header.alpha_tag if data[0] == ord("I") else header.alpha_tag + 1
    data[low] = 1
    return data


def _decode_with_av(path: Path, data: np.ndarray) -> np.ndarray | None:
    """Formats that OpenCV does not know, by FFmpeg's decoder for the file's extension; None if there is none."""
    from av.codec.context import CodecContext
    from av.error import FFmpegError
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext

    codec = _AV_DECODERS.get(path.suffix.lower())
    if codec is None:
        return None
    context = CodecContext.create(codec, "r")
    assert isinstance(context, VideoCodecContext)
    context.options = {"max_pixels": str(MAX_PIXELS)}
    try:
        frames = context.decode(Packet(data.tobytes())) + context.decode(None)
    except FFmpegError as error:
        raise _damaged(path, str(error)) from error
    if not frames:
        return None
    components = frames[0].format.components
    alpha = any(component.is_alpha for component in components)
    if max(component.bits for component in components) <= 8:
        return frames[0].to_ndarray(format="bgra" if alpha else "bgr24")
    return frames[0].to_ndarray(format="rgba64le")[..., [2, 1, 0, 3] if alpha else [2, 1, 0]]


def _picture(path: Path, raw: np.ndarray, header: Header | None, premultiplied: bool) -> Picture:
    if raw.dtype == np.float64:
        raw = raw.astype(np.float32)
    if raw.dtype not in (np.uint8, np.uint16, np.float32):
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            f"{path.name} has pixels of type {raw.dtype}.",
            "Save it with 8 or 16 bit whole numbers or 32 bit floats.",
        )
    pixels = _upright(_with_channels(raw), header)
    if pixels.shape[2] == 3:
        return Picture(np.ascontiguousarray(pixels))
    return _with_alpha(np.ascontiguousarray(pixels), premultiplied)


def _with_channels(raw: np.ndarray) -> np.ndarray:
    if raw.ndim == 2:
        raw = raw[..., None]
    if raw.shape[2] == 1:
        return np.repeat(raw, 3, axis=2)
    if raw.shape[2] == 2:
        return raw[..., [0, 0, 0, 1]]
    return raw[..., :4]


def _upright(pixels: np.ndarray, header: Header | None) -> np.ndarray:
    """Apply the Exif orientation (TIFF 6.0, tag 274). OpenCV's TIFF reader has done so already."""
    orientation = 1 if header is None or header.format == "tiff" else header.orientation
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def _with_alpha(pixels: np.ndarray, premultiplied: bool) -> Picture:
    if pixels.dtype == np.float32:
        if not premultiplied:
            pixels[..., :3] *= pixels[..., 3:]
        return Picture(pixels, Alpha.PREMULTIPLIED)
    if premultiplied:
        full = np.iinfo(pixels.dtype).max
        alpha = pixels[..., 3:].astype(np.float32)
        straight = pixels[..., :3] * (full / np.maximum(alpha, 1.0))
        pixels[..., :3] = np.clip(np.rint(straight), 0, full)
    return Picture(pixels, Alpha.STRAIGHT)
