# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The points that say which person is replaced, as they are kept on a strip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...inference.engines import description_of
from ...inference.engines.wananimate import mask_points
from ...inference.engines.wananimate.description import MASK_POINTS
from ...inference.engines.wananimate.mask_points import MaskPoint
from ...inference.errors import TalkingHeadError
from .. import properties


def setting_of(strip: Any) -> str | None:
    """The property of a strip that holds its points; None where they change nothing."""
    engine = description_of(strip.th_engine)
    if MASK_POINTS not in engine.settings or not MASK_POINTS.matters(properties.settings_of(strip)):
        return None
    return properties.setting_property(engine.name, MASK_POINTS.name)


def of(strip: Any) -> tuple[MaskPoint, ...]:
    """The points of a strip; none where they change nothing, and of text that is none."""
    setting = setting_of(strip)
    try:
        return () if setting is None else mask_points.read(getattr(strip, setting))
    except TalkingHeadError:  # somebody wrote into the field; rendering says so
        return ()


def summary(strip: Any) -> str:
    """How many points there are, for the panel."""
    points = of(strip)
    if not points:
        return "No points: the person is found"
    of_person = sum(point.belongs for point in points)
    pictures = len({point.picture for point in points})
    where = "" if pictures == 1 else f" in {pictures} pictures"
    return f"{of_person} of the person, {len(points) - of_person} not{where}"


def add(strip: Any, point: MaskPoint) -> None:
    """Add a point; it stays inside the picture."""
    inside = MaskPoint(point.picture, _clipped(point.x), _clipped(point.y), point.belongs)
    _keep(strip, (*of(strip), inside))


def move(strip: Any, index: int, x: float, y: float) -> None:
    """Move a point by its number; it stays inside the picture."""
    points = list(of(strip))
    points[index] = MaskPoint(points[index].picture, _clipped(x), _clipped(y), points[index].belongs)
    _keep(strip, points)


def remove(strip: Any, index: int) -> None:
    """Take one point away, by its number; -1 is the last one."""
    points = list(of(strip))
    del points[index]
    _keep(strip, points)


def clear(strip: Any) -> None:
    """Take all points away."""
    _keep(strip, ())


def text_of(strip: Any) -> str:
    """The points as they are kept, for :func:`put_back`."""
    return getattr(strip, setting_of(strip) or "", "")


def put_back(strip: Any, text: str) -> None:
    """Have the points as they were."""
    if setting := setting_of(strip):
        setattr(strip, setting, text)


def _keep(strip: Any, points: Sequence[MaskPoint]) -> None:
    put_back(strip, mask_points.written(points))


def _clipped(value: float) -> float:
    return min(max(value, 0.0), 1.0)
