# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The face that the puppet moves: as chosen, with the lids of a drawing where they are drawn."""

from __future__ import annotations

from ...face import chosen
from ...face.face import Face
from ...face.picture_8bit import to_bgr8
from ...face.tracker import FaceTracker
from ...media.picture import PictureReader
from ...source import FaceChoice
from .drawn_lids import with_fitted_lids


def chosen_face(tracker: FaceTracker, pictures: PictureReader, choice: FaceChoice) -> Face:
    """The face that a choice names.

    Raises:
        TalkingHeadError: as :func:`inference.face.chosen.chosen_face`.
    """
    face = chosen.chosen_face(tracker, pictures, choice)
    return with_fitted_lids(face, to_bgr8(pictures.read(choice.picture))) if face.manual else face
