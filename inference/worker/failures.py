# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any exception as an error that a user understands."""

from __future__ import annotations

import traceback
from pathlib import Path

from ..errors import Action, ErrorCode, TalkingHeadError
from ..media.encode import write_error


def as_error(exception: BaseException) -> TalkingHeadError:
    """The error to show for an exception; its traceback becomes the details."""
    if isinstance(exception, TalkingHeadError):
        return exception
    details = "".join(traceback.format_exception(exception))
    if _out_of_memory(exception):
        return TalkingHeadError(
            ErrorCode.OUT_OF_MEMORY,
            "Memory ran out.",
            "Close other programs or use a smaller source, then render again; finished frames are kept.",
            details=details,
        )
    if isinstance(exception, OSError) and exception.errno is not None and exception.filename:
        error = write_error(Path(str(exception.filename)), exception)
        error.details = details
        return error
    return TalkingHeadError(
        ErrorCode.INTERNAL,
        f"Something went wrong in the worker ({type(exception).__name__}).",
        "Please report it with the log.",
        Action.SHOW_LOG,
        details,
    )


def _out_of_memory(exception: BaseException) -> bool:
    if isinstance(exception, MemoryError):
        return True
    # OpenCV's error code for a failed allocation (cv::Error::StsNoMem).
    return getattr(exception, "code", None) == -4 and type(exception).__module__ == "cv2"
