# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The geometry around HelloMeme's networks, in NumPy and OpenCV: crops, head poses as pictures, steady landmarks."""

from .framing import film_box, resized
from .head import FOCAL_PX, FRAME_PX, full_translation, head_pictures, head_square, moved
from .points import FIVE, FIVE_PLACES, aligned_face, similarity, transformed, upright_crop
from .smoothing import Smoother

__all__ = [
    "FIVE",
    "FIVE_PLACES",
    "FOCAL_PX",
    "FRAME_PX",
    "Smoother",
    "aligned_face",
    "film_box",
    "full_translation",
    "head_pictures",
    "head_square",
    "moved",
    "resized",
    "similarity",
    "transformed",
    "upright_crop",
]
