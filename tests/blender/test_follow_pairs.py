# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which result follows which source through cuts, copies and deletions."""

from __future__ import annotations

from typing import Any

import bpy
import following
import pytest
import rendered_jobs
import sequencer
from following import by_role, contents_at, numbers, place_of, rendered, shift, slide, split, update
from rendered_jobs import core


@pytest.fixture
def still(scene, saved_file, tmp_path) -> Any:
    return following.add_still(tmp_path)


@pytest.fixture(params=["still", "sequence", "movie"])
def source(request, scene, saved_file, tmp_path) -> Any:
    return following.add_source(request.param, scene, tmp_path)


def test_cut_of_the_source_cuts_the_result(scene, source, tmp_path):
    rendered(scene, source)
    split(20, source)
    sources, results = by_role("SOURCE"), by_role("RESULT")
    assert [place_of(strip) for strip in sources] == [place_of(strip) for strip in results] == [(10, 20), (20, 30)]
    lookup = core("strips.lookup")
    assert [lookup.results_of(strip) for strip in sources] == [[result] for result in results]
    slide(sources[1], 50)
    assert [place_of(strip) for strip in by_role("RESULT")] == [(10, 20), (70, 80)]
    assert contents_at(scene, range(18, 22), tmp_path) == [*numbers([8, 9]), -1, -1]
    assert contents_at(scene, range(70, 72), tmp_path) == numbers([10, 11])


def test_cut_twice(scene, source, tmp_path):
    rendered(scene, source)
    split(20, source)
    split(25, by_role("SOURCE")[1])
    assert [place_of(strip) for strip in by_role("RESULT")] == [(10, 20), (20, 25), (25, 30)]
    sequencer.strips().remove(by_role("SOURCE")[1])
    update()
    assert len(by_role("RESULT")) == 3
    slide(by_role("SOURCE")[1], -5)
    assert [place_of(strip) for strip in by_role("RESULT")] == [(10, 20), (20, 25), (20, 25)]


def test_cut_twice_before_anything_looks(scene, source):
    rendered(scene, source)
    right = source.split(frame=20, split_method="SOFT")
    right.split(frame=25, split_method="SOFT")
    update()
    assert [place_of(strip) for strip in by_role("RESULT")] == [(10, 20), (20, 25), (25, 30)]


def test_cut_of_both_needs_nothing(scene, source, tmp_path):
    result = rendered(scene, source)
    split(20, source, result)
    assert [place_of(strip) for strip in by_role("RESULT")] == [(10, 20), (20, 30)]
    slide(by_role("SOURCE")[1], 50)
    assert [place_of(strip) for strip in by_role("RESULT")] == [(10, 20), (70, 80)]
    assert contents_at(scene, range(70, 72), tmp_path) == numbers([10, 11])


def test_halves_are_updated_each_by_its_own_job(scene, still, tmp_path):
    rendered(scene, still)
    split(20, still)
    right = by_role("SOURCE")[1]
    right.th_brow = 0.5
    done = rendered_jobs.render(scene, right)
    assert done.strip == by_role("RESULT")[1]
    assert len(sequencer.all_strips()) == 4
    assert contents_at(scene, range(10, 30), tmp_path) == numbers(range(20))


def test_deleted_source_leaves_its_result(scene, source):
    result = rendered(scene, source)
    sequencer.strips().remove(source)
    update()
    assert [strip.name for strip in sequencer.all_strips()] == [result.name]
    assert place_of(result) == (10, 30)


def test_duplicate_makes_no_result_and_does_not_hold_the_original(scene, source):
    result = rendered(scene, source)
    sequencer.select(source)
    with sequencer.override():
        bpy.ops.sequencer.duplicate()
    update()
    (copy,) = [strip for strip in by_role("SOURCE") if strip != source]
    slide(copy, 0, 3)
    slide(source, 50)
    assert len(by_role("RESULT")) == 1
    assert place_of(result) == place_of(source) == (60, 80)
    slide(copy, 7)
    assert place_of(result) == (60, 80)


def test_duplicates_of_both_follow_their_own(scene, source):
    result = rendered(scene, source)
    sequencer.select(source, result)
    with sequencer.override():
        bpy.ops.sequencer.duplicate()
    copies = [strip for strip in sequencer.all_strips() if strip not in (source, result)]
    for strip in copies:
        strip.channel += 5
    update()
    (copy,) = [strip for strip in copies if strip.th_role == "SOURCE"]
    (copied,) = [strip for strip in copies if strip.th_role == "RESULT"]
    slide(copy, 100)
    assert (place_of(result), place_of(copied)) == ((10, 30), (110, 130))
    slide(source, 5)
    assert (place_of(result), place_of(copied)) == ((15, 35), (110, 130))


def test_copy_survives_its_original(scene, source):
    result = rendered(scene, source)
    sequencer.select(source)
    with sequencer.override():
        bpy.ops.sequencer.duplicate()
    (copy,) = [strip for strip in by_role("SOURCE") if strip != source]
    copy.channel = 6
    shift(copy, 100)
    update()
    sequencer.strips().remove(source)
    update()
    assert place_of(result) == (10, 30)


def test_renamed_strips_are_followed_on(scene, source):
    result = rendered(scene, source)
    source.name, result.name = "Someone", "Shown"
    update()
    slide(source, 5)
    assert place_of(result) == (15, 35)


def test_moving_looks_for_no_cuts(scene, still, monkeypatch):
    """With many copies or pieces of one source that took minutes."""
    result = rendered(scene, still)
    for frames in (30, 60):
        sequencer.select(still, result)
        with sequencer.override():
            bpy.ops.sequencer.duplicate()
            bpy.ops.transform.seq_slide(value=(frames, 0))
        update()
    looked = []
    pairs = core("strips.follow_pairs").pairs
    find = pairs.results_of
    monkeypatch.setattr(pairs, "results_of", lambda *arguments: looked.append(arguments) or find(*arguments))
    shift(still, 3)
    core("strips.follow").sync(scene)
    assert place_of(result) == (13, 33)
    assert not looked
