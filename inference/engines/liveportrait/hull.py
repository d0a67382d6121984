# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volume of the convex hull of a few points."""

from __future__ import annotations

from itertools import combinations

import numpy as np

# Points are shifted by this part of their extent, so that no four lie in one plane; so little changes the volume.
_SHIFT = 1e-9


def hull_volume(points: np.ndarray) -> float:
    """Volume of the convex hull of (n, 3) points, 0 where they all lie in a plane.

    Every triangle is tried: a triangle with all other points on one side is a face of the hull. That is fast enough for
    some twenty points.
    """
    cloud = np.asarray(points, np.float64) - np.mean(points, axis=0)
    extent = float(np.abs(cloud).max(initial=0.0))
    if len(cloud) < 4 or extent == 0.0:
        return 0.0
    cloud += np.random.default_rng(0).uniform(-1.0, 1.0, cloud.shape) * (extent * _SHIFT)
    triangles = np.array(list(combinations(range(len(cloud)), 3)))
    a, b, c = (cloud[triangles[:, corner]] for corner in range(3))
    normals = np.cross(b - a, c - a)
    heights = normals @ cloud.T - np.einsum("ij,ij->i", normals, a)[:, None]
    np.put_along_axis(heights, triangles, 0.0, axis=1)
    faces = (heights >= 0).all(axis=1) | (heights <= 0).all(axis=1)
    # The mean lies inside: the hull is made of the tetrahedra from there to the faces.
    volume = float(np.abs(np.einsum("ij,ij->i", normals, a)[faces]).sum() / 6)
    return volume if volume > 100 * _SHIFT * extent**3 else 0.0


def motion_multiplier(source: np.ndarray, driving: np.ndarray) -> float:
    """How much larger a face is than another one: the root of the ratio of the hulls of their (21, 3) key points.

    Faces without depth cannot be compared, and count as of one size.
    """
    volumes = hull_volume(source), hull_volume(driving)
    return float(np.sqrt(volumes[0] / volumes[1])) if min(volumes) > 0 else 1.0
