# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a result remembers of its source: the placement, look and curves that it last followed.

It lies as text on the result itself, so undo, redo and loading bring back a memory that fits the strips.
"""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import asdict, dataclass, field
from typing import Any

from .follow_rules import Placement

FRAME = {
    "transform.scale_x": 1.0, "transform.scale_y": 1.0, "transform.offset_x": 0.0, "transform.offset_y": 0.0,
    "transform.rotation": 0.0, "transform.origin": [0.5, 0.5], "transform.filter": "AUTO",
    "crop.min_x": 0, "crop.max_x": 0, "crop.min_y": 0, "crop.max_y": 0,
    "use_flip_x": False, "use_flip_y": False,
    "color_multiply": 1.0, "color_saturation": 1.0, "multiply_alpha": False,
}  # fmt: skip
"""What frames made *As Seen* contain already, with the values that a strip of such frames has itself."""
BLENDING = ("blend_type", "blend_alpha")
Look = dict[str, Any]


@dataclass(frozen=True)
class Memory:
    """What a result remembers.

    Attributes:
        source, result: names of both strips then. A copied result brings a memory that names another one.
        source_at, result_at: where they lay.
        look: the source's values by path; None where they were animated.
        curves: by path and index such as "transform.offset_x[0]", the digest of the source's curve and how the
            result's curve stands to it (``follow_curves.Bond``).
        baked: its frames contain the source's look, so that the result has none of its own.
    """

    source: str
    result: str
    source_at: Placement
    result_at: Placement
    look: Look
    curves: dict[str, list[str]] = field(default_factory=dict)
    baked: bool = False

    def to_text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Memory | None:
        """From JSON; None for a text that is none."""
        try:
            data = json.loads(text)
            places = {name: Placement(**data.pop(name)) for name in ("source_at", "result_at")}
            return cls(**places, **data)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


def recall(result: Any) -> Memory | None:
    """What a result remembers; None for one that never looked at its source."""
    return Memory.from_text(result.th_follow_state) if result.th_follow_state else None


def remember(result: Any, memory: Memory) -> None:
    """Keep a memory on a result."""
    text = memory.to_text()
    if result.th_follow_state != text:
        result.th_follow_state = text


def look_of(strip: Any, animated: Container[str], *, baked: bool) -> Look:
    """The values that results take over from a strip, by path; None where curves or drivers decide them.

    Args:
        animated: paths of the strip's animated properties, such as "transform.offset_x".
        baked: the frames contain the look of the strip, so it is plain.
    """
    frame = FRAME if baked else {path: value_of(strip, path) for path in FRAME}
    look = {**frame, **{path: value_of(strip, path) for path in BLENDING}}
    return {path: None if path in animated and path in followed_paths(baked) else look[path] for path in look}


def followed_paths(baked: bool) -> tuple[str, ...]:
    """Paths of what a result takes over from its source's own properties."""
    return BLENDING if baked else (*FRAME, *BLENDING)


def value_of(strip: Any, path: str) -> Any:
    """A value by its path; a vector as a list."""
    owner, name = _owner(strip, path)
    value = getattr(owner, name)
    return list(value) if path == "transform.origin" else value


def set_value(strip: Any, path: str, value: Any) -> None:
    """Set a value by its path."""
    owner, name = _owner(strip, path)
    setattr(owner, name, value)


def _owner(strip: Any, path: str) -> tuple[Any, str]:
    part, _, name = path.rpartition(".")
    return (getattr(strip, part) if part else strip), name
