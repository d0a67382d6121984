# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points that say which person is replaced, as the setting ``mask_points`` keeps them. Pure.

JSON text: ``[[picture, x, y, 1 or 0], ...]``, the picture's index in the source counted from 0, x and y in parts of its
width and height from the top left corner, 1 for a point of the person and 0 for one of something else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from ...errors import ErrorCode, TalkingHeadError

_DECIMALS = 5


@dataclass(frozen=True)
class MaskPoint:
    """A point of the person who is replaced, or of something else.

    Attributes:
        picture: index in the source.
        x, y: 0 to 1, from the picture's top left corner.
    """

    picture: int
    x: float
    y: float
    belongs: bool = True


def read(text: str) -> tuple[MaskPoint, ...]:
    """The points of a setting, () of an empty one.

    Raises:
        TalkingHeadError: INVALID_REQUEST for text that is something else.
    """
    try:
        rows = json.loads(text) if text.strip() else []
        return tuple(_point(*row) for row in rows)
    except (ValueError, TypeError, RecursionError) as error:
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            f"The mask points cannot be read: {error}.",
            "Clear Mask Points, and place them again.",
        ) from error


def written(points: Iterable[MaskPoint]) -> str:
    """The setting that keeps points; "" for none."""
    rows = [[p.picture, round(p.x, _DECIMALS), round(p.y, _DECIMALS), int(p.belongs)] for p in points]
    return json.dumps(rows, separators=(",", ":")) if rows else ""


def _point(picture: object, x: object, y: object, belongs: object) -> MaskPoint:
    whole = type(picture) is int and picture >= 0
    inside = all(isinstance(value, (int, float)) and 0 <= value <= 1 for value in (x, y))
    if not whole or not inside or belongs not in (0, 1):
        raise ValueError(f"{[picture, x, y, belongs]} is no point")
    return MaskPoint(picture, float(x), float(y), bool(belongs))  # type: ignore[arg-type]
