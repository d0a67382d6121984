# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of mouth shapes and which phone shows which."""

from __future__ import annotations

import pytest

from inference.controls import BY_NAME, Group, checked_value, rest_pose
from inference.motion.visemes import ARPABET, CLOSURES, SILENCE, VISEMES, visemes_of

# The phones of the CMU Pronouncing Dictionary.
PHONES = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
).split()


def test_the_set_is_the_usual_one():
    assert set(VISEMES) == set("sil PP FF TH DD kk CH SS nn RR aa E I O U".split())


def test_shapes_are_poses_of_the_mouth():
    for shape in VISEMES.values():
        for name, value in shape.items():
            assert BY_NAME[name].group is Group.MOUTH
            assert checked_value(name, value) == value
    shapes = [tuple(sorted(({**rest_pose(), **shape}).items())) for shape in VISEMES.values()]
    assert len(set(shapes)) == len(shapes)


def test_every_phone_has_a_shape():
    assert sorted(ARPABET) == PHONES
    assert all(viseme in VISEMES and viseme != SILENCE for visemes in ARPABET.values() for viseme in visemes)


@pytest.mark.parametrize("phone", ["P", "B", "M"])
def test_lips_meet(phone):
    (viseme,) = visemes_of(phone)
    assert viseme in CLOSURES
    assert VISEMES[viseme]["mouth_close"] == 1 and "jaw_open" not in VISEMES[viseme]


def test_vowels_differ_as_they_sound():
    assert max(VISEMES, key=lambda name: VISEMES[name].get("jaw_open", 0)) == "aa"
    assert max(VISEMES, key=lambda name: VISEMES[name].get("mouth_wide", 0)) == "I"
    assert max(VISEMES, key=lambda name: VISEMES[name].get("mouth_pucker", 0)) == "U"


@pytest.mark.parametrize(
    ("phone", "visemes"),
    [("AH0", ("E",)), ("ay1", ("aa", "I")), ("SIL", ("sil",)), ("+SPN+", ("sil",)), ("", ("sil",))],
)
def test_stress_marks_and_noises(phone, visemes):
    assert visemes_of(phone) == visemes
