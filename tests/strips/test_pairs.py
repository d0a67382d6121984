# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which result belongs to which source, from facts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from source_package import source_module

pairs = source_module("blender_talkinghead.strips.pairs")

SOURCE = pairs.StripFacts("Scene", "Face", "SOURCE", "a", "", 1, 10, 10, 60, "Face", "Scene", "edit.blend")
RESULT = pairs.StripFacts("Scene", "Face Talking Head", "RESULT", "a", "", 2, 10, 10, 60, "Face", "Scene", "edit.blend")


def moved(strip, frames, **changes):
    return replace(strip, anchor=strip.anchor + frames, left=strip.left + frames, right=strip.right + frames, **changes)


def result_names(source, *strips):
    return [result.name for result in pairs.results_of(source, strips)]


def source_name(result, *strips):
    found = pairs.source_of(result, strips)
    return None if found is None else found.name


def test_a_pair():
    assert result_names(SOURCE, SOURCE, RESULT) == ["Face Talking Head"]
    assert source_name(RESULT, SOURCE, RESULT) == "Face"
    assert not pairs.needs_new_id(SOURCE, [SOURCE, RESULT], "edit.blend")


def test_overlap_is_counted_in_content_frames():
    assert pairs.overlap(SOURCE, RESULT) == 50
    assert pairs.overlap(SOURCE, moved(RESULT, 1000)) == 50
    assert pairs.overlap(replace(SOURCE, right=30), replace(RESULT, left=30)) == 0


@pytest.mark.parametrize(
    "other", [replace(RESULT, id="b"), replace(RESULT, scene="Other"), replace(RESULT, role="NONE")]
)
def test_no_pair(other):
    assert result_names(SOURCE, SOURCE, other) == []


def test_renamed_source_keeps_its_result():
    renamed = replace(SOURCE, name="Portrait")
    assert result_names(renamed, renamed, RESULT) == ["Face Talking Head"]
    assert not pairs.needs_new_id(renamed, [renamed, RESULT], "edit.blend")


def test_split_of_the_source_alone_leaves_one_result_for_both():
    left, right = replace(SOURCE, right=30), replace(SOURCE, name="Face.001", left=30)
    strips = left, right, RESULT
    assert result_names(left, *strips) == result_names(right, *strips) == ["Face Talking Head"]
    assert not any(pairs.needs_new_id(half, strips, "edit.blend") for half in (left, right))


def test_cut_through_all_channels_gives_two_pairs():
    left, right = replace(SOURCE, right=30), replace(SOURCE, name="Face.001", left=30)
    left_result, right_result = replace(RESULT, right=30), replace(RESULT, name="Right Result", left=30)
    strips = left, right, left_result, right_result
    assert result_names(left, *strips) == ["Face Talking Head"]
    assert result_names(right, *strips) == ["Right Result"]
    assert source_name(right_result, *strips) == "Face.001"
    assert not any(pairs.needs_new_id(half, strips, "edit.blend") for half in (left, right))


def test_halves_of_a_cut_stay_pairs_when_one_pair_is_moved():
    left, right = replace(SOURCE, right=30), moved(replace(SOURCE, name="Face.001", left=30), 200)
    left_result = replace(RESULT, right=30)
    right_result = moved(replace(RESULT, name="Right Result", left=30), 200)
    strips = left, right, left_result, right_result
    assert result_names(right, *strips) == ["Right Result"]
    assert result_names(left, *strips) == ["Face Talking Head"]


def test_split_of_the_result_alone_leaves_both_parts_with_the_source():
    parts = replace(RESULT, right=30), replace(RESULT, name="Second Part", left=30)
    assert sorted(result_names(SOURCE, SOURCE, *parts)) == ["Face Talking Head", "Second Part"]


def test_duplicate_of_the_source_alone_needs_a_new_id_and_the_original_does_not():
    duplicate = moved(SOURCE, 100, name="Face.001")
    strips = SOURCE, duplicate, RESULT
    assert pairs.needs_new_id(duplicate, strips, "edit.blend")
    assert not pairs.needs_new_id(SOURCE, strips, "edit.blend")
    assert result_names(duplicate, *strips) == []
    assert result_names(SOURCE, *strips) == ["Face Talking Head"]


def test_duplicate_of_a_renamed_source_is_told_by_its_place():
    original = replace(SOURCE, name="Portrait")
    duplicate = moved(SOURCE, 100, name="An Early Name")
    strips = original, duplicate, RESULT
    assert pairs.needs_new_id(duplicate, strips, "edit.blend")
    assert not pairs.needs_new_id(original, strips, "edit.blend")


def test_duplicate_of_both_has_its_own_result():
    duplicate, duplicate_result = moved(SOURCE, 100, name="Face.001"), moved(RESULT, 100, name="Copied Result")
    strips = SOURCE, duplicate, RESULT, duplicate_result
    assert result_names(duplicate, *strips) == ["Copied Result"]
    assert result_names(SOURCE, *strips) == ["Face Talking Head"]
    assert pairs.needs_new_id(duplicate, strips, "edit.blend")
    assert not pairs.needs_new_id(SOURCE, strips, "edit.blend")


def test_only_one_of_three_copies_keeps_the_id():
    copies = [SOURCE, moved(SOURCE, 100, name="Face.001"), moved(SOURCE, 200, name="Face.002")]
    assert [pairs.needs_new_id(copy, copies, "edit.blend") for copy in copies] == [False, True, True]


def test_copy_of_a_scene():
    strips = [SOURCE, RESULT, replace(SOURCE, scene="Scene.001"), replace(RESULT, scene="Scene.001")]
    assert [pairs.needs_new_id(strip, strips, "edit.blend") for strip in (strips[0], strips[2])] == [False, True]
    assert pairs.results_of(strips[2], strips) == (strips[3],)


def test_pasted_into_another_scene_that_sorts_before():
    strips = [SOURCE, RESULT, replace(SOURCE, scene="A Scene"), replace(RESULT, scene="A Scene")]
    assert [pairs.needs_new_id(strip, strips, "edit.blend") for strip in (strips[0], strips[2])] == [False, True]


def test_pasted_into_another_file():
    assert pairs.needs_new_id(SOURCE, [SOURCE], "other.blend")


@pytest.mark.parametrize("made_in, now", [("", "edit.blend"), ("edit.blend", "edit.blend"), ("", "")])
def test_saving_for_the_first_time_keeps_the_id(made_in, now):
    source = replace(SOURCE, file=made_in)
    assert not pairs.needs_new_id(source, [source], now)


def test_a_strip_without_an_id_needs_one():
    assert pairs.needs_new_id(replace(SOURCE, id=""), [], "")


def test_moved_result_still_belongs_to_its_source():
    assert result_names(SOURCE, SOURCE, moved(RESULT, 7)) == ["Face Talking Head"]


def test_same_meta_is_preferred():
    inside = replace(SOURCE, name="Inside", container="Meta")
    outside = replace(SOURCE, name="Outside")
    result = replace(RESULT, container="Meta")
    assert source_name(result, inside, outside) == "Inside"


def test_nearest_channel_decides_last():
    near, far = replace(RESULT, name="Near", channel=2), replace(RESULT, name="Far", channel=9)
    assert result_names(SOURCE, SOURCE, far, near) == ["Near", "Far"]


def test_result_without_its_source():
    assert pairs.source_of(RESULT, [RESULT]) is None


def test_a_matte_belongs_to_the_result_that_it_lies_on():
    matte = replace(RESULT, name="Face Matte", role="MATTE", channel=3)
    copy = moved(RESULT, 100, name="Face Talking Head.001", channel=2)
    assert pairs.result_of(matte, [SOURCE, RESULT, copy, matte]) == RESULT
    assert pairs.result_of(moved(matte, 100), [SOURCE, RESULT, copy, matte]) == copy
    assert pairs.result_of(replace(matte, id="b"), [SOURCE, RESULT, matte]) is None
    assert result_names(SOURCE, SOURCE, RESULT, matte) == ["Face Talking Head"]
