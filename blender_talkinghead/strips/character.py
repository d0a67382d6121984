# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who replaces the person in a shot: a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...inference.engines import description_of
from ...inference.engines.wananimate.description import CHARACTER
from ...inference.errors import ErrorCode, TalkingHeadError
from .. import compat, properties
from . import folders
from .portraits import PICTURES

TYPES = frozenset({"IMAGE"})


def refusal(source: Any) -> str:
    """Why a strip's engine replaces nobody, or ""."""
    engine = description_of(source.th_engine)
    return "" if CHARACTER in engine.settings else f"{engine.label} replaces nobody; choose the engine Wan-Animate"


def picture_of(strip: Any | None) -> Path:
    """The picture that an image strip shows at the current frame, or at its nearest end.

    Raises:
        TalkingHeadError: INVALID_REQUEST without a strip.
    """
    if strip is None:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "No picture of the new person is chosen.",
            "Select an image strip with the animated strip, or choose a file.",
        )
    frame = min(max(strip.id_data.frame_current, compat.left(strip)), compat.right(strip) - 1)
    return folders.absolute(strip.directory) / strip.strip_elem_from_frame(frame).filename


def use(source: Any, picture: Path) -> None:
    """Have the person in a picture replace the one in a source.

    Raises:
        TalkingHeadError: UNSUPPORTED_INPUT, SOURCE_MISSING.
    """
    if picture.suffix.lower() not in PICTURES:
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT, f"{picture.name} is no picture.", "Choose a PNG, JPEG, WebP or TIFF file."
        )
    if not picture.is_file():
        raise TalkingHeadError(ErrorCode.SOURCE_MISSING, f"There is no file {picture}.", "Choose another picture.")
    engine = source.th_engine
    setattr(source, properties.setting_property(engine, CHARACTER.name), folders.for_property(picture))
    for name, values in CHARACTER.when:  # it counts only with these
        setattr(source, properties.setting_property(engine, name), values[0])
