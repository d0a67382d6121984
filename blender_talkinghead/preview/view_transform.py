# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The view transform of a scene as a table of colours, computed by Blender itself.

The sequencer takes a strip's picture from the picture's colour space through the scene's view transform (Standard,
AgX, Filmic, ...) with its look, exposure, gamma and curves, to the display. What is drawn over the Preview is taken as
it is, so the preview of a frame needs the same change of colours. Blender has no function for it, but saves a picture
through it: here a picture of evenly spaced colours, whose saved values are the table.

The sequencer's own colour space needs no attention: strips are taken to it and from it again; only where several
strips are mixed does it change the outcome.
"""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from .. import compat

# 8-bit values 0, 5, ..., 255: Blender keeps them exactly. Measured with AgX: at most 2.4 levels off, 1.2 in 99.9 %.
LEVELS = 52
_KEPT = 8
_NO_CURVES: tuple[object, ...] = ()


@dataclass(frozen=True)
class ViewTransform:
    """What a scene's view settings do to pictures.

    Attributes:
        table: (LEVELS, LEVELS, LEVELS, 3) float32, 0 to 1, by blue, green and red of the picture; None where colours
            stay as they are.
    """

    table: np.ndarray | None

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """Colours as the display shows them, as the shader computes it: linear between the table's colours.

        Args:
            pixels: (..., 3) values, 0 to 1.

        Returns:
            (..., 3) float64, 0 to 1.
        """
        if self.table is None:
            return np.asarray(pixels, float)
        place = np.clip(pixels, 0.0, 1.0) * (LEVELS - 1)
        low = np.minimum(place.astype(int), LEVELS - 2)
        part = place - low
        total = np.zeros(place.shape)
        for red, green, blue in np.ndindex(2, 2, 2):
            weight = np.prod(np.where((red, green, blue), part, 1.0 - part), axis=-1, keepdims=True)
            total += weight * self.table[low[..., 2] + blue, low[..., 1] + green, low[..., 0] + red]
        return total


_UNCHANGED = ViewTransform(None)
_made: OrderedDict[tuple[object, ...], ViewTransform] = OrderedDict()
_current: dict[str, ViewTransform] = {}
_seen: tuple[object, ...] | None = None


def ready(scene: Any) -> ViewTransform:
    """The newest table that was made for a scene; unchanged colours before the first. For drawing: computes nothing."""
    return _current.get(scene.name, _UNCHANGED)


def refresh(scene: Any, space: str) -> bool:
    """Make the table of a scene if its settings changed; main thread, not while drawing or while Blender renders.

    While settings are being dragged, the table is made once they rest for one call.

    Args:
        space: name of the pictures' colour space.

    Returns:
        Whether ``ready`` gives something else now.
    """
    global _seen
    key = settings_of(scene, space)
    rests, _seen = key == _seen or scene.name not in _current, key
    if key not in _made and not rests:
        return False
    found = _table(scene, space, key)
    changed = _current.get(scene.name) is not found
    _current[scene.name] = found
    return changed


def settings_of(scene: Any, space: str) -> tuple[object, ...]:
    """Everything that a table depends on, comparable."""
    view = scene.view_settings
    curves = _curve_state(view.curve_mapping) if view.use_curve_mapping else _NO_CURVES
    return (space, *_values(scene.display_settings), *_values(view), curves)


def is_plain(scene: Any, space: str) -> bool:
    """Whether the settings surely leave colours as they are, so that no table has to be made."""
    view = scene.view_settings
    return (
        space == "sRGB"
        and scene.display_settings.display_device == "sRGB"
        and view.view_transform == "Standard"
        and view.look == "None"
        and (view.exposure, view.gamma) == (0.0, 1.0)
        and not view.use_curve_mapping
        and not getattr(view, "use_white_balance", False)
    )


def forget_all() -> None:
    """Forget every table: another file is open."""
    global _seen
    _made.clear()
    _current.clear()
    _seen = None


def _table(scene: Any, space: str, key: tuple[object, ...]) -> ViewTransform:
    if key not in _made:
        if is_plain(scene, space):
            _made[key] = _UNCHANGED
        else:
            table = _computed(scene, space)
            plain = np.abs(table - _lattice()).max() < 0.5 / 255.0
            _made[key] = _UNCHANGED if plain else ViewTransform(table)
        while len(_made) > _KEPT:
            _made.popitem(last=False)
    return _made[key]


def _lattice() -> np.ndarray:
    values = np.linspace(0.0, 1.0, LEVELS, dtype=np.float32)
    blue, green, red = np.meshgrid(values, values, values, indexing="ij")
    return np.stack((red, green, blue), axis=-1)


def _computed(scene: Any, space: str) -> np.ndarray:
    """(LEVELS, LEVELS, LEVELS, 3) float32: the lattice's colours through a scene's view transform."""
    colors = _lattice().reshape(LEVELS, LEVELS * LEVELS, 3)
    with tempfile.TemporaryDirectory(prefix="talkinghead-") as folder, _stand_in(scene) as stand_in:
        path = Path(folder) / "view.png"
        with _hidden_image(bpy.data.images.new(".talkinghead", LEVELS * LEVELS, LEVELS, alpha=False)) as image:
            image.colorspace_settings.name = space
            opaque = np.dstack((colors, np.ones(colors.shape[:2], np.float32)))
            image.pixels.foreach_set(opaque.ravel())
            image.save_render(str(path), scene=stand_in)
        with _hidden_image(bpy.data.images.load(str(path), check_existing=False)) as image:
            image.colorspace_settings.name = "Non-Color"
            values = np.empty(LEVELS**3 * 4, np.float32)
            image.pixels.foreach_get(values)
    return np.ascontiguousarray(values.reshape(LEVELS, LEVELS, LEVELS, 4)[..., :3])


@contextmanager
def _hidden_image(image: Any) -> Iterator[Any]:
    """An image data-block that is gone afterwards."""
    try:
        yield image
    finally:
        bpy.data.images.remove(image)


@contextmanager
def _stand_in(scene: Any) -> Iterator[Any]:
    """An empty scene with a scene's view settings, so that the user's own output settings are left alone."""
    stand_in = bpy.data.scenes.new(".talkinghead")
    try:
        compat.set_png_output(stand_in, 16)
        _copy_values(scene.display_settings, stand_in.display_settings)
        _copy_values(scene.view_settings, stand_in.view_settings)
        view: Any = stand_in.view_settings
        if view.use_curve_mapping:
            _copy_curves(scene.view_settings.curve_mapping, view.curve_mapping)
        yield stand_in
    finally:
        bpy.data.scenes.remove(stand_in)


def _setting_names(settings: Any) -> list[str]:
    """Names of plain settings; the view transform first, because the looks that exist depend on it."""
    names = [
        prop.identifier
        for prop in settings.bl_rna.properties
        if prop.type in {"FLOAT", "INT", "BOOLEAN", "ENUM"} and not prop.is_readonly
    ]
    return sorted(names, key=lambda name: (name != "view_transform", name))


def _values(settings: Any) -> Iterator[object]:
    for name in _setting_names(settings):
        value = getattr(settings, name)
        yield value if isinstance(value, (str, float, int)) else tuple(value)


def _copy_values(settings: Any, to: Any) -> None:
    for name in _setting_names(settings):
        if getattr(to, name) != getattr(settings, name):
            setattr(to, name, getattr(settings, name))


def _curve_state(mapping: Any) -> tuple[object, ...]:
    points = [
        (number, *point.location, point.handle_type)
        for number, curve in enumerate(mapping.curves)
        for point in curve.points
    ]
    return (*points, tuple(mapping.black_level), tuple(mapping.white_level), *_values(mapping))


def _copy_curves(mapping: Any, to: Any) -> None:
    _copy_values(mapping, to)
    to.black_level, to.white_level = mapping.black_level, mapping.white_level
    for curve, copy in zip(mapping.curves, to.curves, strict=True):
        while len(copy.points) < len(curve.points):
            copy.points.new(1.0, 1.0)
        for point, copied in zip(curve.points, copy.points, strict=False):
            copied.location, copied.handle_type = point.location, point.handle_type
    to.update()
