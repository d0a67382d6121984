# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a picture lies in the Preview."""

from __future__ import annotations

import math

import pytest
from source_package import source_module

Placement = source_module("blender_talkinghead.preview.placement").Placement


def test_untouched_picture_lies_in_the_middle():
    corners = Placement((400, 200)).corners()
    assert corners == ((-200, 100), (200, 100), (200, -100), (-200, -100))


def test_scale_offset_and_rotation_about_the_centre():
    placement = Placement((400, 200), (2.0, 0.5), (10.0, -20.0), math.pi / 2)
    # The right end of the middle line: 200 px right, scaled to 400, turned to the top, then moved.
    assert placement.to_view((1.0, 0.5)) == pytest.approx((10.0, 380.0))


def test_origin_stays_where_it_is_under_scale_and_rotation():
    placement = Placement((400, 200), (3.0, 3.0), rotation=1.0, origin=(0.0, 0.0))
    assert placement.to_view((0.0, 1.0)) == pytest.approx((-200.0, -100.0))


def test_flips_mirror_the_picture():
    placement = Placement((400, 200), flip=(True, False))
    assert placement.to_view((0.0, 0.0)) == (200.0, 100.0)


def test_wide_pixels_stretch_the_view():
    assert Placement((400, 200), pixel_aspect=2.0).to_view((1.0, 0.5)) == (400.0, 0.0)


@pytest.mark.parametrize("flip", [(False, False), (True, False), (True, True)])
def test_to_picture_is_the_inverse(flip):
    placement = Placement((400, 300), (0.7, -1.3), (31.0, 7.0), 0.8, (0.2, 0.9), flip, 1.2)
    for point in ((0.0, 0.0), (0.25, 0.8), (1.0, 0.5)):
        assert placement.to_picture(placement.to_view(point)) == pytest.approx(point)
