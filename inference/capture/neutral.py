# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture on which an actor's face rests."""

from __future__ import annotations

import numpy as np

from ..acting import AUTOMATIC
from ..errors import ErrorCode, TalkingHeadError
from .recording import Recording


def neutral_picture(recording: Recording, wanted: int) -> int:
    """Picture index of the neutral frame.

    Args:
        wanted: a picture, or AUTOMATIC for the one with the calmest face that looks where the clip mostly looks.

    Raises:
        TalkingHeadError: INVALID_REQUEST when the clip has no such picture, NO_FACE when the face is lost in it.
    """
    if wanted == AUTOMATIC:
        return _calmest(recording)
    check_neutral(wanted, len(recording))
    if not recording.found[wanted]:
        raise TalkingHeadError(
            ErrorCode.NO_FACE,
            f"The face is lost in picture {wanted + 1}, which is to be the neutral one.",
            "Choose a neutral picture that shows the face, or let it be found automatically.",
        )
    return wanted


def check_neutral(wanted: int, pictures: int) -> None:
    """Refuse a neutral picture that a clip does not have.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    if wanted >= pictures:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"Picture {wanted + 1} is to be the neutral one, but the driving clip ends with picture {pictures}.",
            "Choose a neutral picture of the clip, or let it be found automatically.",
        )


def _calmest(recording: Recording) -> int:
    yaw, pitch = (_off_median(recording.column(name)) for name in ("yaw", "pitch"))
    jaw, left, right, pucker = (
        recording.column(name) for name in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthPucker")
    )
    unrest = 2 * jaw + left + right + 0.3 * pucker + (yaw + pitch) / 20
    # One picture may be calm by chance: its neighbours count as well.
    padded = np.concatenate([unrest[:1], unrest, unrest[-1:]])
    around = np.stack([padded[:-2], padded[1:-1], padded[2:]])
    calm = 0.5 * unrest + 0.5 * np.nanmean(np.where(np.isnan(around), np.nanmax(unrest), around), axis=0)
    return int(np.nanargmin(calm))


def _off_median(values: np.ndarray) -> np.ndarray:
    return np.abs(values - np.nanmedian(values))
