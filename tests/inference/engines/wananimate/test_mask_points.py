# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mask points as text: written, read, refused."""

from __future__ import annotations

import pytest

from inference.engines.wananimate.mask_points import MaskPoint, read, written
from inference.errors import ErrorCode, TalkingHeadError


def test_points_come_back_from_their_text():
    points = (MaskPoint(0, 0.25, 0.123456789), MaskPoint(17, 1.0, 0.0, belongs=False))
    text = written(points)
    assert text == "[[0,0.25,0.12346,1],[17,1.0,0.0,0]]"
    assert read(text) == (MaskPoint(0, 0.25, 0.12346), points[1])
    assert written(read(text)) == text


def test_no_points_are_an_empty_text():
    assert written(()) == "" and read("") == read("  ") == read("[]") == ()


@pytest.mark.parametrize(
    "text",
    ["[1]", "{", "7", "[[0, 0.5, 0.5]]", "[[0, 0.5, 1.5, 1]]", "[[-1, 0.5, 0.5, 1]]", "[[0.5, 0.5, 0.5, 1]]",
     '[[0, "0.5", 0.5, 1]]', "[[0, 0.5, 0.5, 2]]", "[[0, NaN, 0.5, 1]]", "[" * 100_000],
)  # fmt: skip
def test_what_is_no_point_is_refused(text):
    with pytest.raises(TalkingHeadError) as raised:
        read(text)
    assert raised.value.code is ErrorCode.INVALID_REQUEST and "Clear Mask Points" in raised.value.hint
