# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where actors are measured who are taken to the character's proportions, and how they are drawn without that."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hellomeme_stand_in import acting_clip
from liveportrait_stand_in import place
from wananimate_stand_in import SIZE_PX, StandInHelpers, WholeClip, asked, open_session, reader, request, standing

from inference.engines.wananimate.preprocess.sizes import letterboxed
from inference.engines.wananimate.preprocess.skeleton import draw


def looked_at(clip):
    """How bright the pictures were in which bodies were looked for, where the clip's last picture is asked for."""
    seen = []
    helpers = StandInHelpers()
    find = helpers.bodies.body
    helpers.bodies.body = lambda bgr, head=None: (seen.append(round(float(bgr.mean()))), find(bgr, head))[1]
    requests = [request(0, driving=place(3.0))]
    source = reader(np.full((64, 64, 3), 9, np.uint8))
    asked(requests, pictures=source, clip=clip, helpers=helpers, faces="body", tracking="full")
    return seen


def whole_clip(**attributes):
    clip = WholeClip([np.full((64, 64, 3), value, np.uint8) for value in (50, 100, 150, 200)])
    clip.__dict__.update(attributes)
    return clip


def test_actors_are_measured_where_the_clip_begins():
    assert looked_at(whole_clip(neutral=2)) == [200, 9, 50]
    assert looked_at(whole_clip(neutral=2, neutral_chosen=True)) == [200, 9, 150]


@pytest.mark.parametrize("gone", [standing(score=0.2), standing().moved(0.0, -1.0)])
def test_actors_are_measured_in_the_first_picture_that_shows_them(monkeypatch, gone):
    monkeypatch.setattr(
        "wananimate_stand_in.StandInTracker.body",
        lambda self, bgr, head=None: gone if bgr.mean() in (50, 100) else standing(float(bgr.mean()) / 255),
    )
    assert looked_at(whole_clip()) == [200, 9, 50, 100, 150]
    monkeypatch.setattr("wananimate_stand_in.StandInTracker.body", lambda self, bgr, head=None: gone)
    assert looked_at(whole_clip()) == [200, 9, 50, 100, 150]


def test_heads_are_measured_where_the_clip_shows_a_face_first(monkeypatch):
    measured = []
    clip = acting_clip()
    clip.neutral = 1
    landmarks = clip.landmarks
    monkeypatch.setattr(clip, "landmarks", lambda picture: (measured.append(picture), landmarks(picture))[1])
    session = open_session(clip=clip)
    session._scene._acting._actor(lambda: None)
    assert measured == [0]


def test_without_fitting_lines_are_as_thick_as_the_clips_size_makes_them():
    large = WholeClip([np.full((640, 1280, 3), 60, np.uint8)])
    options = {"pictures": reader(np.full((64, 64, 3), 9, np.uint8)), "faces": "body", "tracking": "full"}
    requests = [request(0, driving=place(0.0))]
    shown = asked(requests, clip=large, retarget=False, **options).pose[0]
    expected = letterboxed(draw(standing(60 / 255), 640, 1280), SIZE_PX, SIZE_PX, cv2.INTER_AREA)
    assert np.abs(shown.astype(int) - expected).mean() < 0.05 * expected.mean()
    # On the canvas itself lines have at least 3 px, of its 64.
    assert shown.max() < 250
