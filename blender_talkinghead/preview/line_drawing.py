# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines, discs and words of a constant size in px. Only with a window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .placement import Point

_DISC_CORNERS = 17


def draw_line(positions: Sequence[Point], color: Sequence[float], width_px: float) -> None:
    """Draw a line through positions in px of the region."""
    import gpu
    from gpu_extras.batch import batch_for_shader

    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    shader.bind()
    shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
    shader.uniform_float("lineWidth", width_px)
    shader.uniform_float("color", color)
    gpu.state.blend_set("ALPHA")
    batch_for_shader(shader, "LINE_STRIP", {"pos": [(x, y, 0.0) for x, y in positions]}).draw(shader)
    gpu.state.blend_set("NONE")


def draw_disc(center: Point, radius_px: float, color: Sequence[float]) -> None:
    """Fill a disc around a position in px of the region."""
    import gpu
    from gpu_extras.batch import batch_for_shader

    angles = np.linspace(0.0, 2.0 * np.pi, _DISC_CORNERS)
    rim = [(center[0] + radius_px * np.cos(angle), center[1] + radius_px * np.sin(angle)) for angle in angles]
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    shader.bind()
    shader.uniform_float("color", color)
    gpu.state.blend_set("ALPHA")
    triangles = [(0, place, place + 1) for place in range(1, len(rim))]
    batch_for_shader(shader, "TRIS", {"pos": [center, *rim]}, indices=triangles).draw(shader)
    gpu.state.blend_set("NONE")


def draw_words(words: str, position: Point, color: Sequence[float], size_px: float) -> None:
    """Write words whose lower left corner lies at a position in px of the region."""
    import blf

    font = 0
    blf.size(font, size_px)
    blf.color(font, *color)
    blf.enable(font, blf.SHADOW)
    blf.shadow(font, 3, 0.0, 0.0, 0.0, 0.8)
    blf.position(font, position[0], position[1], 0.0)
    blf.draw(font, words)
    blf.disable(font, blf.SHADOW)
