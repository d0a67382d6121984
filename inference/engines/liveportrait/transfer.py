# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the actor's motion to the source's key points.

Two steps: ``driven`` gives the motion that the source shall have, as scale, rotation, expression and shift, to which
sliders can be added; ``finish`` takes its key points through stitching, retargeting and the multiplier. The rules of
the reference program, where they differ, are in ``reference_transfer``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..engine import DrivingPlace
from .kalman import MIDDLE
from .keypoints import BROW_ROWS, EYE_ROWS, LIP_ROWS, NECK_ROW, POINTS, MotionTrack
from .ratios import Ratios
from .rotations import power, slerp

REGIONS = ("all", "exp", "pose", "lip", "eyes")

# Expression of closed, relaxed lips, which a single picture without a neutral one is measured from: the numbers that
# LivePortrait (2024, MIT licence) publishes for this, in units of 1e-7.
LIP_NEUTRAL = np.array(
    [
        (-945, 2422, -401), (2086, 4681, 127), (-1246, 3250, 44), (1197, -4566, 541), (-2653, -746, -155),
        (-335, -1830, -35), (-5, -5, 16), (-5413, 26328, 72), (-117, 50, 100), (8, 52, -4093), (1669, -198, -885),
        (-152, 825, 59), (-3, 28, 22), (-663, -683, -35), (-8326, -17959, -26), (70, 366, -19), (-48, 71, -103),
        (-6368, -11661, 562), (2833, -146, 110), (-42, -150906, -25494), (2225, 56279, 27265),
    ],
    np.float64,
) * 1e-7  # fmt: skip

# Which numbers of the expression an absolute expression takes from the actor: all others are how a face is built.
SUBSET = np.zeros((POINTS, 3), bool)
SUBSET[[1, 2, 6, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]] = True
SUBSET[[3, 4], 1] = True
SUBSET[[5, 8], 2] = True
SUBSET[9, 1:] = True

# Rows that go with the head rather than with the face: the neck, and what an absolute expression leaves out entirely.
_HEAD_ROWS = (0, NECK_ROW, 10)
_HEAD, _EYES, _BROWS, _MOUTH = range(4)

# Lips that are open by less are closed; lips open by twice as much are closed fully.
CLOSED_LIPS = 0.03
# Directions in which each eye's lids and the lips open: LivePortrait's own sliders for them.
_OPENING = {"left": ((11, 1, -1.0), (13, 1, 0.3)), "right": ((15, 1, -1.0), (16, 1, 0.3))}
_LIPS_OPENING = ((19, 1, 1.0), (19, 2, 0.1), (17, 1, -0.1))


class SmallNetworks(Protocol):
    """The three small networks; key points are those of ``keypoints``."""

    def stitching(self, x_s: np.ndarray, x_d: np.ndarray) -> np.ndarray:
        """(n, 65) offsets of the points and their common shift in x and y, for (21, 3) and (n, 21, 3)."""
        ...

    def eye(self, x_s: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        """(n, 21, 3) offsets for (21, 3) and (n, 3): the source's left and right eye, wanted."""
        ...

    def lip(self, x_s: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        """(n, 21, 3) offsets for (21, 3) and (n, 2): the source's lips, wanted."""
        ...


@dataclass(frozen=True)
class TransferOptions:
    """How motion is transferred.

    Attributes:
        region: what of the actor counts, one of ``REGIONS``.
        relative: what changes since the neutral picture is added to the source; else the source takes it as it is.
        expression_friendly: shifts are scaled by the sizes of both faces, so that a large actor moves a small source a
            little; False is LivePortrait's "pose-friendly".
        multiplier: of all motion.
        stitching: neck and shoulders stay.
        eye_retargeting, lip_retargeting: open eyes and lips as far as the actor's.
        normalize_lip: close the source's lips.
        open_source_eyes: keep the eyes of a movie source as open as in its first picture.
        lock_scale: the head keeps its size. The reference never locks it.
        reference: behave as the reference program in ``finish`` too.
        noise: the reference's smoothing of a driven movie, as in ``kalman.smooth``.
        animal: the reference's rules for its animal models.
    """

    region: str = "all"
    relative: bool = True
    expression_friendly: bool = True
    multiplier: float = 1.0
    stitching: bool = True
    eye_retargeting: bool = False
    lip_retargeting: bool = False
    normalize_lip: bool = False
    open_source_eyes: bool = False
    lock_scale: bool = True
    reference: bool = False
    noise: float = MIDDLE
    animal: bool = False

    def __post_init__(self) -> None:
        if self.region not in REGIONS:
            raise ValueError(f"there is no region {self.region!r}")


def strengths_of(places: Sequence[DrivingPlace]) -> np.ndarray:
    """(n, 4) strengths of head, eyes, brows and mouth."""
    return np.array([(place.head, place.eyes, place.brows, place.mouth) for place in places], np.float64).reshape(-1, 4)


def driven(
    source: MotionTrack,
    driving: MotionTrack,
    neutral: MotionTrack | None,
    options: TransferOptions,
    strengths: np.ndarray | None = None,
) -> MotionTrack:
    """The motion that the source shall have.

    Args:
        source: of the source's picture (1), or of each frame's (n).
        driving: of the actor in each frame (n).
        neutral: of the actor at rest (1). None, for a driving picture on its own, measures the expression from closed
            lips and leaves the head where relative motion is asked for.
        strengths: (n, 4) of head, eyes, brows and mouth, as ``strengths_of``; None for 1 throughout. At 0 throughout
            the source's motion comes back exactly.
    """
    weights = np.ones((len(driving), 4)) if strengths is None else strengths
    head = weights[:, _HEAD] * (options.region in ("all", "pose"))
    if options.relative:
        rotation, t, scale = _relative_head(source, driving, neutral, options, head)
        change = driving.exp - (LIP_NEUTRAL if neutral is None else neutral.exp)
    else:
        rotation = slerp(source.rotation, driving.rotation, head)
        t, scale = source.t + head[:, None] * (driving.t - source.t), source.scale
        change = (driving.exp - source.exp) * SUBSET
    change = change * _row_weights(options.region, weights)
    exp = source.exp + _without_openings(change, options)
    scale = np.broadcast_to(scale, (len(driving),))
    return MotionTrack(rotation, exp, t, scale, np.broadcast_to(source.kp, exp.shape))


def finish(
    x_s: np.ndarray,
    x_d: np.ndarray,
    options: TransferOptions,
    networks: SmallNetworks,
    source: Ratios | None = None,
    driving: Ratios | None = None,
    strengths: np.ndarray | None = None,
) -> np.ndarray:
    """(n, 21, 3) key points for the warping network.

    Stitching works relative to the source at rest: x_d + S(x_s, x_d) - S(x_s, x_s), so that key points that have not
    moved stay exactly where they are. Retargeting adds to the driving motion (the reference drops that in relative
    mode).

    Args:
        x_s: (1 or n, 21, 3) the source's key points.
        x_d: (n, 21, 3) those it shall have.
        source: openness in the source (1 or n), which retargeting and ``normalize_lip`` need.
        driving: openness of the actor (n), which retargeting needs.
        strengths: (n, 4) as in ``driven``; they weaken retargeting too.

    Raises:
        ValueError: openness is needed and missing.
    """
    retargeting = options.eye_retargeting or options.lip_retargeting
    result = x_d
    if retargeting:
        base = x_s if options.reference and options.relative else x_d
        result = base + _retargeted(x_s, len(x_d), options, networks, _needed(source), _needed(driving), strengths)
    if options.stitching:
        result = stitched(x_s, result, networks, from_rest=not options.reference)
    if not (retargeting and options.reference):
        result = result + _source_corrections(x_s, len(x_d), options, networks, source)
    return x_s + (result - x_s) * options.multiplier


def stitched(x_s: np.ndarray, x_d: np.ndarray, networks: SmallNetworks, from_rest: bool = True) -> np.ndarray:
    """(n, 21, 3) key points that fit the source's neck and shoulders.

    Args:
        from_rest: leave out what stitching would do to the source itself.
    """
    offsets = per_source(networks.stitching, x_s, x_d)
    if from_rest:
        offsets = offsets - per_source(networks.stitching, x_s, x_s)
    result = x_d + offsets[:, :63].reshape(-1, POINTS, 3)
    result[..., :2] += offsets[:, None, 63:]
    return result


def per_source(
    network: Callable[[np.ndarray, np.ndarray], np.ndarray], x_s: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """A small network's answers for n rows, all of one source (1, 21, 3) or each of its own (n, 21, 3)."""
    if len(x_s) == 1:
        return np.asarray(network(x_s[0], rows), np.float64)
    answers = [network(points, row[None]) for points, row in zip(x_s, rows, strict=True)]
    return np.concatenate(answers).astype(np.float64)


def _relative_head(
    source: MotionTrack,
    driving: MotionTrack,
    neutral: MotionTrack | None,
    options: TransferOptions,
    head: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotation, shift and scale: R_i R_0' R_s, t_s + t_i - t_0, s_s s_i / s_0."""
    neutral = driving if neutral is None else neutral
    turn = power(driving.rotation @ np.swapaxes(neutral.rotation, 1, 2), head)
    fit = source.scale / neutral.scale if options.expression_friendly else np.ones(1)
    t = source.t + (head * fit)[:, None] * (driving.t - neutral.t)
    growth = 1.0 if options.lock_scale else (driving.scale / neutral.scale) ** head
    return turn @ source.rotation, t, source.scale * growth


def _row_weights(region: str, strengths: np.ndarray) -> np.ndarray:
    """(n, 21, 1) how much each row of the actor's expression counts."""
    part = np.full(POINTS, _MOUTH)
    part[list(EYE_ROWS)], part[list(BROW_ROWS)], part[list(_HEAD_ROWS)] = _EYES, _BROWS, _HEAD
    weights = strengths[:, part]
    rows = {"all": range(POINTS), "exp": range(POINTS), "pose": (), "lip": LIP_ROWS, "eyes": EYE_ROWS}[region]
    used = np.isin(np.arange(POINTS), list(rows))
    return (weights * used)[..., None]


def _without_openings(change: np.ndarray, options: TransferOptions) -> np.ndarray:
    """The change of the expression without what retargeting does: else eyes and lips would open twice as far."""
    directions = [*(_OPENING.values() if options.eye_retargeting else ())]
    directions += [_LIPS_OPENING] if options.lip_retargeting else []
    result = change.copy()
    for direction in directions:
        unit = np.zeros((POINTS, 3))
        for row, axis, value in direction:
            unit[row, axis] = value
        unit /= np.linalg.norm(unit)
        result -= np.einsum("nij,ij->n", result, unit)[:, None, None] * unit
    return result


def _retargeted(
    x_s: np.ndarray,
    count: int,
    options: TransferOptions,
    networks: SmallNetworks,
    source: Ratios,
    driving: Ratios,
    strengths: np.ndarray | None,
) -> np.ndarray:
    """(n, 21, 3) offsets that open eyes and lips as far as the actor's."""
    weights = np.ones((count, 4)) if strengths is None else strengths
    offsets = np.zeros((count, POINTS, 3))
    if options.eye_retargeting:
        # The reference asks for the eye at the image's left alone.
        wanted = driving.eyes[:, 0] if options.reference else driving.eyes.mean(axis=1)
        rows = np.column_stack([np.broadcast_to(source.eyes, (count, 2)), wanted])
        offsets += per_source(networks.eye, x_s, rows) * weights[:, _EYES, None, None]
    if options.lip_retargeting:
        rows = np.column_stack([np.broadcast_to(source.lips, (count,)), driving.lips])
        offsets += per_source(networks.lip, x_s, rows) * weights[:, _MOUTH, None, None]
    return offsets


def _source_corrections(
    x_s: np.ndarray, count: int, options: TransferOptions, networks: SmallNetworks, source: Ratios | None
) -> np.ndarray:
    """(n, 21, 3) offsets that depend on the source alone: its lips closed, its eyes kept open."""
    offsets = np.zeros((len(x_s), POINTS, 3))
    if options.normalize_lip and options.relative and not options.lip_retargeting:
        lips = _needed(source).lips
        closing = per_source(networks.lip, x_s, np.column_stack([lips, np.zeros_like(lips)]))
        offsets += closing * _lip_weight(lips, options.reference)[:, None, None]
    if options.open_source_eyes:
        eyes = _needed(source).eyes
        wanted = eyes[0].mean()
        rows = np.column_stack([eyes, np.full(len(eyes), wanted if wanted >= _SHUT_EYES else _OPEN_EYES)])
        offsets += per_source(networks.eye, x_s, rows)
    return np.broadcast_to(offsets, (count, POINTS, 3))


# Eyes that are less open in a movie's first picture count as shut, and are opened so far.
_SHUT_EYES, _OPEN_EYES = 0.18, 0.39


def _lip_weight(lips: np.ndarray, reference: bool) -> np.ndarray:
    """(n,) how much open lips are closed. The reference switches, which would make a talking source jump."""
    return (lips >= CLOSED_LIPS) * 1.0 if reference else np.clip(lips / CLOSED_LIPS - 1, 0.0, 1.0)


def _needed(ratios: Ratios | None) -> Ratios:
    if ratios is None:
        raise ValueError("retargeting needs to know how open eyes and lips are")
    return ratios
