# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time map of sound strips by itself; ``tests/blender/test_driver_time.py`` compares it with what Blender mixes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from source_package import source_module

sound_time = source_module("blender_talkinghead.strips.sound_time")

NTSC = Fraction(30000, 1001)
NONE = Fraction(0)


def test_ntsc_timeline_stays_in_time_for_an_hour():
    time = sound_time.played(1, 0, NONE, NTSC)
    assert time.seconds_at(1 + 107892) == Fraction(107892 * 1001, 30000)


def test_trim_and_offset():
    time = sound_time.played(11, 12, Fraction(1, 4), Fraction(24))
    assert time.seconds_at(11) == Fraction(1, 4)
    assert time.seconds_at(35) == Fraction(5, 4)


def test_sound_that_begins_later_is_not_heard_before():
    time = sound_time.played(11, 0, Fraction(1, 2), Fraction(24))
    assert time.seconds_at(11) < 0
    assert time.heard(Fraction(2)) == (23, 71)


@pytest.mark.parametrize("behind, last_key", [(True, 131), (False, 131)])
def test_doubled_speed(behind, last_key):
    frames = 240 if behind else 241
    time = sound_time.retimed(11, last_key, 0, frames, NONE, Fraction(24), key_is_behind=behind)
    assert time.speed == 2
    assert time.seconds_at(11 + 24) == 2
    assert time.heard(Fraction(10)) == (11, 131)


def test_offset_counts_in_timeline_time():
    time = sound_time.retimed(11, 131, 0, 240, Fraction(1, 2), Fraction(24), key_is_behind=True)
    assert time.seconds_at(11 + 12) == 0


def test_what_is_cut_off_plays_at_the_strips_speed_from_5_0_on():
    new = sound_time.retimed(11, 119, 24, 216, NONE, Fraction(24), key_is_behind=True)
    old = sound_time.retimed(11, 119, 24, 217, NONE, Fraction(24), key_is_behind=False)
    assert (new.seconds_at(11), old.seconds_at(11)) == (2, 1)
