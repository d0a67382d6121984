# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a frame takes on this computer: measured at the end of each render, kept in the user's folder. No bpy here.

``{"puppet": {"1024x1024": 0.031}}``: seconds of one timeline frame, by engine and size of the source in px.
"""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Mapping
from pathlib import Path

_LOGGER = logging.getLogger(__name__)
FILE_NAME = "engine_speed.json"
# Fewer frames say more about starting than about going on.
FEWEST_FRAMES = 5
# A size is taken for another one as long as neither has more than this times the other's pixels.
_ALIKE = 1.5
Size = tuple[int, int]


class EngineSpeeds:
    """The measured seconds a frame."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seconds = _read(path)

    def seconds_per_frame(self, engine: str, size: Size | None) -> float | None:
        """Seconds of a frame of a source of this size in px, or of nearly this size; None if none was measured."""
        measured = self._seconds.get(engine, {})
        if size is None or not measured:
            return None
        nearest = min(measured, key=lambda known: _distance(known, size))
        return measured[nearest] if _distance(nearest, size) <= math.log(_ALIKE) else None

    def note(self, engine: str, size: Size, frames: int, seconds: float) -> None:
        """Keep what a render took.

        Args:
            frames: timeline frames that were computed.
            seconds: how long that took, without starting.
        """
        if frames < FEWEST_FRAMES or seconds <= 0:
            return
        self._seconds.setdefault(engine, {})[size] = seconds / frames
        try:
            _write(self._path, self._seconds)
        except OSError as error:
            _LOGGER.warning("the speed of %s cannot be kept: %s", engine, error)


def seconds_of(done: Mapping[str, object]) -> float:
    """Seconds that the frames took, without planning and preparing, from the fields of a ``done`` message."""
    stages = done.get("stages")
    stages = stages if isinstance(stages, dict) else {}
    before = sum(float(stages.get(name, 0.0)) for name in ("plan", "prepare"))
    return float(done.get("seconds") or 0.0) - before  # type: ignore[arg-type]


def _distance(one: Size, other: Size) -> float:
    """Logarithm of the ratio of the pixels."""
    return abs(math.log(max(1, one[0] * one[1]) / max(1, other[0] * other[1])))


def _read(path: Path) -> dict[str, dict[Size, float]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {engine: {_size(text): float(s) for text, s in sizes.items()} for engine, sizes in content.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        _LOGGER.warning("%s cannot be read and is measured anew: %s", path, error)
        return {}


def _write(path: Path, seconds: Mapping[str, Mapping[Size, float]]) -> None:
    content = {
        engine: {f"{width}x{height}": round(value, 5) for (width, height), value in sizes.items()}
        for engine, sizes in seconds.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)


def _size(text: str) -> Size:
    width, height = text.split("x")
    return int(width), int(height)
