# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a result's pictures change when a job covers other frames."""

from __future__ import annotations

import pytest
from source_package import source_module

layout = source_module("blender_talkinghead.strips.result_layout")

WHOLE = layout.Layout(10, 20, 10, 20)


@pytest.mark.parametrize(
    "before, job, after",
    [
        (WHOLE, (10, 20), WHOLE),
        (WHOLE, (12, 15), WHOLE),
        (WHOLE, (10, 25), layout.Layout(10, 25, 10, 25)),
        (WHOLE, (-3, 20), layout.Layout(-3, 20, -3, 20)),
        (WHOLE, (30, 40), layout.Layout(10, 40, 10, 40)),
        (layout.Layout(10, 20, 12, 18), (0, 30), layout.Layout(0, 30, 12, 18)),
        (layout.Layout(10, 20, 12, 20), (0, 30), layout.Layout(0, 30, 12, 30)),
        (layout.Layout(10, 20, 8, 25), (10, 20), layout.Layout(10, 20, 8, 25)),
        (layout.Layout(10, 20, 8, 25), (5, 22), layout.Layout(5, 22, 5, 25)),
    ],
)
def test_grown(before, job, after):
    assert before.grown(*job) == after


def test_merged_keeps_what_the_job_does_not_cover():
    before = layout.Layout(0, 4, 0, 4)
    names = layout.merged(before, list("abcd"), before, 1, ["X", "Y"], "filler")
    assert names == ["a", "X", "Y", "d"]


def test_merged_fills_the_gap_between_old_and_new():
    before = layout.Layout(0, 2, 0, 2)
    after = before.grown(4, 6)
    assert layout.merged(before, ["a", "b"], after, 4, ["X", "Y"], "-") == ["a", "b", "-", "-", "X", "Y"]


def test_merged_grows_at_the_front():
    before = layout.Layout(0, 2, 0, 2)
    after = before.grown(-2, 1)
    assert layout.merged(before, ["a", "b"], after, -2, ["X", "Y", "Z"], "-") == ["X", "Y", "Z", "b"]
