# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keyframes of a strip's sliders."""

from __future__ import annotations

from typing import Any


def keys_of(core: Any, strip: Any) -> dict[str, list[tuple[float, float, str]]]:
    """Frame, value and interpolation of a strip's keys, by slider."""
    found = {}
    for curve in core("compat").fcurves_of(strip.id_data):
        if curve.data_path.startswith(strip.path_from_id() + "."):
            name = curve.data_path.rpartition(".th_")[2]
            found[name] = [(key.co[0], key.co[1], key.interpolation) for key in curve.keyframe_points]
    return found
