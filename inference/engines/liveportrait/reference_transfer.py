# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules by which the reference program LivePortrait transfers motion, for comparison with recorded numbers.

They differ from ``transfer.driven`` in what follows from how that program was written: motion is relative to the first
picture, smoothed rotations are no rotations any more, and a movie source takes only a part of the expression.
"""

from __future__ import annotations

import numpy as np

from .hull import motion_multiplier
from .kalman import smooth
from .keypoints import EYE_ROWS, LIP_ROWS, MotionTrack
from .ratios import Ratios
from .transfer import LIP_NEUTRAL, SUBSET, SmallNetworks, TransferOptions, finish

_ROWS = {"lip": LIP_ROWS, "eyes": EYE_ROWS}


def transfer(
    source: MotionTrack,
    driving: MotionTrack,
    options: TransferOptions,
    networks: SmallNetworks,
    source_ratios: Ratios | None = None,
    driving_ratios: Ratios | None = None,
) -> np.ndarray:
    """(n, 21, 3) key points for the warping network, in every frame.

    Args:
        source: of a picture (1) or a movie (several).
        driving: of a picture (1) or a movie (several).
        source_ratios, driving_ratios: openness in each, where the options need it.
    """
    movie = len(source) > 1
    single = len(driving) == 1
    count = len(driving) if not movie else len(source) if single else min(len(source), len(driving))
    source, driving = source.taken(range(min(len(source), count))), driving.taken(range(min(len(driving), count)))
    target = _animal(source, driving) if options.animal else _target(source, driving, options)
    x_s, x_d = source.points(), np.broadcast_to(target.points(), (count, *target.exp.shape[1:]))
    friendly = options.relative and options.expression_friendly and not movie and not single
    if friendly or options.animal:
        x_d = x_s + motion_multiplier(x_s[0], x_d[0]) * (x_d - x_d[0])
    return finish(x_s, x_d, options, networks, _first(source_ratios, len(x_s)), _spread(driving_ratios, count))


def _target(source: MotionTrack, driving: MotionTrack, options: TransferOptions) -> MotionTrack:
    """The motion that the source shall have; arrays have as many rows as frames, or 1."""
    movie, single = len(source) > 1, len(driving) == 1
    exp, rotation = _wanted(source, driving, options, single)
    if movie and not single:
        exp, rotation = smooth(exp, options.noise), smooth(rotation, options.noise)
    used = _used(options.region, full=options.relative and not movie)
    result_exp = np.where(used, exp, source.exp)
    posed = options.region in ("all", "pose")
    t, scale = source.t, source.scale
    if posed and not options.relative:
        t = driving.t
    elif posed and not movie:
        t = source.t + driving.t - driving.t[:1]
    if options.region == "all" and options.relative and not movie:
        scale = source.scale * driving.scale / driving.scale[0]
    return MotionTrack(rotation if posed else source.rotation, result_exp, t, scale, source.kp)


def _wanted(
    source: MotionTrack, driving: MotionTrack, options: TransferOptions, single: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Expression and rotation before smoothing and before a region is chosen."""
    if not options.relative:
        return driving.exp, driving.rotation
    rotation = driving.rotation @ np.swapaxes(driving.rotation[:1], 1, 2) @ source.rotation
    if not single:
        return source.exp + driving.exp - driving.exp[:1], rotation
    # On its own, the eyes of a picture are not measured from the neutral lips.
    bare = options.region == "eyes" and len(source) == 1
    return source.exp + driving.exp - (0.0 if bare else LIP_NEUTRAL), rotation


def _used(region: str, full: bool) -> np.ndarray:
    """(21, 3) bool, which numbers of the expression are replaced."""
    if region in ("all", "exp"):
        return np.ones_like(SUBSET) if full else SUBSET
    used = np.zeros_like(SUBSET)
    used[list(_ROWS.get(region, ()))] = True
    return used


def _animal(source: MotionTrack, driving: MotionTrack) -> MotionTrack:
    """Animals take rotation, expression and shift as they are."""
    return MotionTrack(driving.rotation, driving.exp, driving.t, source.scale, source.kp)


def _first(ratios: Ratios | None, count: int) -> Ratios | None:
    return None if ratios is None else Ratios(ratios.eyes[:count], ratios.lips[:count])


def _spread(ratios: Ratios | None, count: int) -> Ratios | None:
    """As many rows as frames; a single picture's are repeated."""
    if ratios is None or len(ratios) != 1:
        return _first(ratios, count)
    return Ratios(np.repeat(ratios.eyes, count, axis=0), np.repeat(ratios.lips, count, axis=0))
