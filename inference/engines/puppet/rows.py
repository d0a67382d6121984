# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Landmark numbers of lids, brows, lips and outline. "Right" and "left" are the subject's; rows run in the order of
increasing image x for the right eye and the lips, decreasing for the left eye (outer corner first).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EyeRows:
    """Landmark numbers around one eye. Lid rows have nine points, outer corner to inner corner.

    Attributes:
        upper, lower: rows from the lid's edge outwards.
        brow: ten points.
        iris: centre and four rim points.
    """

    upper: tuple[tuple[int, ...], ...]
    lower: tuple[tuple[int, ...], ...]
    brow: tuple[int, ...]
    iris: tuple[int, ...]


RIGHT_EYE = EyeRows(
    upper=(
        (33, 246, 161, 160, 159, 158, 157, 173, 133),
        (130, 247, 30, 29, 27, 28, 56, 190, 243),
        (226, 113, 225, 224, 223, 222, 221, 189, 244),
    ),
    lower=(
        (33, 7, 163, 144, 145, 153, 154, 155, 133),
        (130, 25, 110, 24, 23, 22, 26, 112, 243),
        (226, 31, 228, 229, 230, 231, 232, 233, 244),
    ),
    brow=(70, 63, 105, 66, 107, 46, 53, 52, 65, 55),
    iris=(468, 469, 470, 471, 472),
)
LEFT_EYE = EyeRows(
    upper=(
        (263, 466, 388, 387, 386, 385, 384, 398, 362),
        (359, 467, 260, 259, 257, 258, 286, 414, 463),
        (446, 342, 445, 444, 443, 442, 441, 413, 464),
    ),
    lower=(
        (263, 249, 390, 373, 374, 380, 381, 382, 362),
        (359, 255, 339, 254, 253, 252, 256, 341, 463),
        (446, 261, 448, 449, 450, 451, 452, 453, 464),
    ),
    brow=(300, 293, 334, 296, 336, 276, 283, 282, 295, 285),
    iris=(473, 474, 475, 476, 477),
)
EYES = (RIGHT_EYE, LEFT_EYE)

# Image left to right; inner edge to outer edge.
UPPER_LIP = (
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292),
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306),
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
)
LOWER_LIP = (
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),
    (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306),
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
)
MOUTH_CORNERS = (61, 291, 78, 308, 76, 306, 62, 292)

# Clockwise in the image from the top.
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip

CHEEKS = (50, 280, 205, 425)
SKIN_POINTS = 468


def between_ends(rows: tuple[tuple[int, ...], ...]) -> np.ndarray:
    """Numbers of all points of the rows except their end points."""
    return np.array([number for row in rows for number in row[1:-1]], np.intp)
