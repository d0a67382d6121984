# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Previews show the performance on the source itself."""

from __future__ import annotations

import numpy as np
import pytest
from faces import picture, tracker
from puppets import PictureList
from redraw_stand_in import EXECUTOR, acted_clip, astronaut, place, request, seen

from inference.engines.diffusion.preview import Preview
from inference.engines.engine import Quality
from inference.media.picture import Alpha
from inference.source import FaceChoice


def preview(clip=None, cut_out=False, executor=None):
    return Preview(tracker(), PictureList([astronaut()]), FaceChoice(), {"cut_out": cut_out}, clip, executor)


def frame(opened, asked):
    ((index, made),) = opened.frames([asked], Quality.PREVIEW)
    assert index == asked.index
    return made


def test_at_rest_the_sources_own_pixels_are_shown():
    opened = preview()
    assert np.array_equal(frame(opened, request(3)).pixels, picture("astronaut"))
    opened.close()
    assert np.array_equal(frame(opened, request(4)).pixels, picture("astronaut"))


def test_sliders_and_the_actor_are_shown_with_their_strengths():
    clip = acted_clip({"head_yaw": 8.0, "jaw_open": 0.8})
    opened = preview(clip, executor=EXECUTOR)
    rest = seen(picture("astronaut"))
    full, released, more = (
        seen(frame(opened, asked).pixels)
        for asked in (
            request(driving=place(3.0)),
            request(driving=place(3.0, mouth=0.0)),
            request(driving=place(3.0), head_yaw=5.0),
        )
    )
    assert full.pose.yaw_deg - rest.pose.yaw_deg == pytest.approx(8, abs=2.5) and full.mouth_gap > rest.mouth_gap + 0.05
    assert abs(released.mouth_gap - rest.mouth_gap) < 0.03
    assert more.pose.yaw_deg - full.pose.yaw_deg == pytest.approx(5, abs=2.5)


def test_the_person_is_cut_out_when_asked():
    assert frame(preview(cut_out=True), request()).alpha is Alpha.STRAIGHT
