# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies the curves of a source's transform, crop and opacity to its results, until the user edits the copies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from .. import compat
from ..performance import curves
from ..performance.curve_keys import CurveKeys
from . import follow_state

_TOLERANCE = 1e-3
_DIGEST_BYTES = 8
_CURVE_SETTINGS = ("extrapolation", "mute", "auto_smoothing")
_INDEXED = "transform.origin"
_FOLLOWED = follow_state.followed_paths(baked=False)
_POINTS = "control_points"


class Bond:
    """How a result's curve stands to its source's."""

    COPY = "copy"  # made here, and not edited since
    OWN = "own"  # the user's
    NONE = "none"  # there was none when the result first looked, so none is made before the next render


class Animation:
    """What animates a scene's strips: looked up once, for one pass."""

    def __init__(self, scene: Any) -> None:
        self.scene = scene
        self.refresh()

    def refresh(self) -> None:
        """Look again: Blender has made or removed curves."""
        self.curves: dict[tuple[str, int], Any] = {}
        self._prefixes: dict[str, str] = {}
        self._paths = set(_other_paths(self.scene))
        for curve in compat.fcurves_of(self.scene):
            if not curve.data_path.endswith(_FOLLOWED):  # such as the sliders of all sources
                continue
            self._paths.add(curve.data_path)
            if len(curve.keyframe_points) or len(curve.modifiers):  # one of samples cannot be copied
                self.curves[curve.data_path, curve.array_index] = curve

    def of(self, strip: Any) -> set[str]:
        """Paths of those properties of a strip that results follow and that are animated, from the strip on."""
        prefix = self._prefix(strip)
        return {path for path in _FOLLOWED if prefix + path in self._paths}

    def curve(self, strip: Any, key: str) -> Any | None:
        """The curve of a strip at a path and index, such as "transform.offset_x[0]"."""
        path, index = _split(key)
        return self.curves.get((self._prefix(strip) + path, index))

    def print_of(self, strips: Iterable[Any]) -> tuple[object, ...]:
        """What tells whether a curve of some strips that results follow has changed."""
        return tuple(
            (strip.name, key, _digest(self.curve(strip, key)))
            for strip in strips
            for key in self.keys_of(strip, _FOLLOWED)
        )

    def keys_of(self, strip: Any, paths: Iterable[str]) -> list[str]:
        """Those of the paths, each with an index, at which a strip has a curve."""
        return [
            f"{path}[{index}]" for path in paths for index in _indices(path) if self.curve(strip, f"{path}[{index}]")
        ]

    def copy(self, source: Any, result: Any, key: str) -> None:
        """Make the result's curve like the source's."""
        path, index = _split(key)
        found, own = self.curve(source, key), self.curve(result, key)
        if own is None:
            full = self._prefix(result) + path
            self._paths.add(full)
            own = self.curves[full, index] = compat.new_fcurve(self.scene, full, index)
        _clear_modifiers(own)
        for name in _CURVE_SETTINGS:
            setattr(own, name, getattr(found, name))
        curves.write_curve(own, curves.read_curve(found))
        _copy_modifiers(found, own)

    def remove(self, strip: Any, key: str) -> None:
        """Remove a strip's curve."""
        path, index = _split(key)
        curve = self.curves.pop((self._prefix(strip) + path, index), None)
        if curve is not None:
            compat.remove_fcurve(self.scene, curve)

    def _prefix(self, strip: Any) -> str:
        name = strip.name
        if name not in self._prefixes:
            self._prefixes[name] = strip.path_from_id() + "."
        return self._prefixes[name]


def follow(
    source: Any, result: Any, animation: Animation, old: dict[str, list[str]], *, baked: bool, adopt: bool
) -> dict[str, list[str]]:
    """Bring the result's curves up to date with the source's.

    Args:
        old: digests and bonds of the last time.
        baked: only the curves of blending are copied, and copies of others removed.
        adopt: curves that a result from before the add-on followed lacks are made.

    Returns:
        The new digests and bonds.
    """
    present = animation.keys_of(source, follow_state.followed_paths(baked))
    new = {key: _follow_one(source, result, animation, key, old.get(key), adopt) for key in present}
    for key in set(old) - set(present):
        if old[key][1] == Bond.COPY:
            animation.remove(result, key)
    return new


def freed(source: Any, animation: Animation, old: dict[str, list[str]], *, baked: bool) -> set[str]:
    """Paths of the result whose copied curves ``follow`` will remove, because the source has none any more."""
    present = animation.keys_of(source, follow_state.followed_paths(baked))
    return {_split(key)[0] for key, (_, bond) in old.items() if bond == Bond.COPY and key not in present}


def look_only(source: Any, result: Any, animation: Animation, *, baked: bool) -> dict[str, list[str]]:
    """Digests and bonds as they are, changing nothing."""
    found = {}
    for key in animation.keys_of(source, follow_state.followed_paths(baked)):
        theirs, own = animation.curve(source, key), animation.curve(result, key)
        bond = Bond.NONE if own is None else Bond.COPY if _alike(theirs, own) else Bond.OWN
        found[key] = [_digest(theirs), bond]
    return found


def _follow_one(
    source: Any, result: Any, animation: Animation, key: str, old: list[str] | None, adopt: bool
) -> list[str]:
    theirs, own = animation.curve(source, key), animation.curve(result, key)
    digest = _digest(theirs)
    changed = old is None or old[0] != digest
    bond = Bond.COPY if old is None else old[1]
    if own is not None and _alike(theirs, own):
        return [digest, Bond.COPY]
    if old is None and own is not None:
        return [digest, Bond.OWN]
    if bond == Bond.COPY and not changed:  # the user edited the copy
        return [digest, Bond.OWN]
    if bond == Bond.COPY or (bond == Bond.NONE and own is None and adopt):
        animation.copy(source, result, key)
        return [digest, Bond.COPY]
    return [digest, bond]


def _other_paths(scene: Any) -> Iterator[str]:
    """Paths that drivers and NLA strips animate."""
    if scene.animation_data is not None:
        yield from (driver.data_path for driver in scene.animation_data.drivers)
    yield from (curve.data_path for curve in compat.fcurves_of_nla(scene))


def _split(key: str) -> tuple[str, int]:
    path, _, index = key.rstrip("]").rpartition("[")
    return path, int(index)


def _indices(path: str) -> range:
    return range(2 if path == _INDEXED else 1)


def _digest(curve: Any) -> str:
    keys = curves.read_curve(curve)
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for one in fields(CurveKeys):
        digest.update(np.ascontiguousarray(getattr(keys, one.name)).tobytes())
    digest.update(repr(_settings(curve)).encode())
    return digest.hexdigest()


def _settings(curve: Any) -> list[object]:
    modifiers = [(modifier.type, _plain_values(modifier), _points(modifier)) for modifier in curve.modifiers]
    return [*(getattr(curve, name) for name in _CURVE_SETTINGS), *modifiers]


def _alike(one: Any, other: Any) -> bool:
    """Whether curves have the same keys and modifiers; a move in time may have rounded them."""
    if len(one.keyframe_points) != len(other.keyframe_points) or _settings(one) != _settings(other):
        return False
    keys, others = curves.read_curve(one), curves.read_curve(other)
    return all(
        np.allclose(getattr(keys, item.name), getattr(others, item.name), rtol=0, atol=_TOLERANCE)
        for item in fields(CurveKeys)
    )


def _clear_modifiers(curve: Any) -> None:
    for modifier in list(curve.modifiers):
        curve.modifiers.remove(modifier)


def _copy_modifiers(source: Any, target: Any) -> None:
    for modifier in source.modifiers:
        copy = target.modifiers.new(modifier.type)
        for name, value in _plain_values(modifier).items():
            setattr(copy, name, value)
        for point in getattr(modifier, _POINTS, ()):
            own = copy.control_points.add(point.frame)
            own.min, own.max = point.min, point.max


def _plain_values(modifier: Any) -> dict[str, Any]:
    """What can be set on a modifier, in the order of its definition."""
    values = {}
    for prop in modifier.bl_rna.properties:
        if prop.is_readonly or prop.type in ("POINTER", "COLLECTION") or prop.identifier in ("active", "name"):
            continue
        value = getattr(modifier, prop.identifier)
        values[prop.identifier] = tuple(value) if getattr(prop, "is_array", False) else value
    return values


def _points(modifier: Any) -> list[tuple[float, float, float]]:
    return [(point.frame, point.min, point.max) for point in getattr(modifier, _POINTS, ())]
