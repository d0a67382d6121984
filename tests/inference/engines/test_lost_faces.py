# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sentence for all pictures in which the face was lost."""

from __future__ import annotations

import pytest

from inference.engines.lost_faces import LostFaces, sentence_of


@pytest.mark.parametrize(
    "pictures, where",
    [
        ({3}, "picture 4; it is"),
        ({2, *range(6, 15)}, "10 pictures (3, 7 to 15); they are"),
        (range(5), "5 pictures (1 to 5); they are"),
        ({0, 2, 4, 6, 8, 10}, "6 pictures (1, 3, 5, 7, ...); they are"),
    ],
)
def test_pictures_are_told_in_one_sentence(pictures, where):
    assert sentence_of(pictures) == f"The face was lost in {where} passed through unchanged."


def test_sentence_keeps_its_place_among_the_warnings():
    warnings = ["Before."]
    lost = LostFaces(warnings)
    assert lost.add(3)
    warnings += ["After."]
    assert lost.add(4) and not lost.add(3)
    assert warnings == ["Before.", sentence_of([3, 4]), "After."]
