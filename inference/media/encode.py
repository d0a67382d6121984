# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures to files: PNG with 8 or 16 bits, OpenEXR with 16 or 32; whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from ..errors import Action, ErrorCode, TalkingHeadError
from . import exr
from .picture import Picture

TEMPORARY_SUFFIX = ".part"
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_PNG_START = b"\x89PNG\r\n\x1a\n"
# Stored, not deflated: a tenth of the time to write and a fifth to read at about twice the size (docs/performance.md).
_PNG_OPTIONS = (cv2.IMWRITE_PNG_COMPRESSION, 0, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE)


def encode_frame(picture: Picture) -> bytes | memoryview:
    """The file content of a frame: OpenEXR for float32, PNG otherwise; without alpha where all is opaque."""
    pixels = picture.pixels
    if pixels.dtype == np.float32:
        return exr.encode(pixels, picture.half)
    if pixels.shape[2] == 4 and pixels[..., 3].min() == np.iinfo(pixels.dtype).max:
        pixels = np.ascontiguousarray(pixels[..., :3])
    done, data = cv2.imencode(".png", pixels, _PNG_OPTIONS)
    if not done:
        raise RuntimeError(f"OpenCV wrote no PNG for {pixels.dtype} {pixels.shape}")
    return data.data


def write_frame(picture: Picture, path: Path) -> None:
    """Write a frame so that a file of this name is always whole.

    Raises:
        TalkingHeadError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    write_whole(path, encode_frame(picture))


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write a file under a temporary name in the same folder, then rename it.

    Raises:
        TalkingHeadError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """

    def write(temporary: Path) -> None:
        with temporary.open("wb", buffering=0) as stream:
            rest = memoryview(data)
            while rest:
                rest = rest[stream.write(rest) :]

    write_under_temporary_name(path, write)


def write_under_temporary_name(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` make a file under a temporary name beside ``path``, then give it its name.

    The name is unique, so that two workers can make the same frame at once, and ends in ".part", so that nobody takes
    it for a frame. What fails leaves nothing behind.

    Raises:
        TalkingHeadError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    temporary = path.with_name(f".{path.name[:60]}-{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    try:
        write(temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_error(path: Path, error: OSError) -> TalkingHeadError:
    """What a failed write means to the user."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return TalkingHeadError(
            ErrorCode.DISK_FULL,
            f"The disk is full: {path.name} could not be written to {path.parent}.",
            "Free some space or choose another folder, then render again; finished frames are kept.",
            Action.CHOOSE_FOLDER,
            str(error),
        )
    return TalkingHeadError(
        ErrorCode.OUTPUT_NOT_WRITABLE,
        f"{path.name} cannot be written to the folder {path.parent}.",
        "Check the folder and its permissions, or choose another folder.",
        Action.CHOOSE_FOLDER,
        str(error),
    )


def is_whole(path: Path) -> bool:
    """Whether a frame file is there from its first byte to its last; cheap, so it does not look at the pixels."""
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if path.suffix == ".exr":
                return exr.is_whole(stream, size)
            if stream.read(len(_PNG_START)) != _PNG_START or size < 64:
                return False
            stream.seek(size - len(_PNG_END))
            return stream.read() == _PNG_END
    except OSError:
        return False
