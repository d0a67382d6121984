# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the reference's rules no recorded set shows; the rest is in the conformance tests."""

from __future__ import annotations

import numpy as np
import pytest
from liveportrait_motion import LinearNetworks, track

from inference.engines.liveportrait.hull import motion_multiplier
from inference.engines.liveportrait.keypoints import MotionTrack, place
from inference.engines.liveportrait.reference_transfer import transfer
from inference.engines.liveportrait.transfer import LIP_NEUTRAL, TransferOptions

PICTURE, MOVIE, ACTOR = track(1), track(1, 2, 3), track(10, 11, 12, 13, kp_seed=5)
PLAIN = TransferOptions(stitching=False, reference=True)


def test_animals_take_motion_as_it_is_and_its_size_from_the_first_frame():
    found = transfer(PICTURE, ACTOR, TransferOptions(stitching=False, reference=True, animal=True), LinearNetworks())
    x_s = PICTURE.points()
    x_d = place(PICTURE.kp, ACTOR.rotation, ACTOR.exp, PICTURE.scale, ACTOR.t)
    assert found == pytest.approx(x_s + motion_multiplier(x_s[0], x_d[0]) * (x_d - x_d[0]))


def test_the_shorter_of_two_movies_says_how_long():
    assert len(transfer(MOVIE, ACTOR, PLAIN, LinearNetworks())) == 3
    assert len(transfer(track(*range(6)), ACTOR, PLAIN, LinearNetworks())) == 4
    assert len(transfer(MOVIE, ACTOR.taken([0]), PLAIN, LinearNetworks())) == 3
    assert len(transfer(PICTURE, ACTOR, PLAIN, LinearNetworks())) == 4


@pytest.mark.parametrize(("region", "neutral"), [("eyes", 0.0), ("lip", LIP_NEUTRAL), ("all", LIP_NEUTRAL)])
def test_a_single_picture(region, neutral):
    options = TransferOptions(region=region, stitching=False, reference=True)
    found = transfer(PICTURE, ACTOR.taken([1]), options, LinearNetworks())
    rows = {"eyes": [11, 13, 15, 16, 18], "lip": [6, 12, 14, 17, 19, 20], "all": list(range(21))}[region]
    exp = PICTURE.exp.copy()
    exp[:, rows] += (ACTOR.exp[1] - neutral)[rows]
    expected = MotionTrack(PICTURE.rotation, exp, PICTURE.t, PICTURE.scale, PICTURE.kp).points()
    assert found == pytest.approx(expected)


def test_a_driven_movie_keeps_its_shift_and_size():
    found = transfer(
        MOVIE, ACTOR, TransferOptions(region="pose", stitching=False, reference=True, noise=0), LinearNetworks()
    )
    turn = ACTOR.rotation[:3] @ ACTOR.rotation[0].T @ MOVIE.rotation
    assert found == pytest.approx(place(MOVIE.kp, turn, MOVIE.exp, MOVIE.scale, MOVIE.t))
    assert not np.allclose(found, MOVIE.points())
