# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choosing a driver, and finding it again whatever happened to its name."""

from __future__ import annotations

import bpy
import numbered
import pytest
import sequencer
import talking


@pytest.fixture
def portrait(scene, astronaut):
    return sequencer.add_image(astronaut, length=20)


@pytest.fixture
def actor(scene, portrait, tmp_path):
    return sequencer.add_movie(numbered.movie(tmp_path / "actor.mp4", 12, 24, 1.0), name="Actor", channel=2)


def acting(strip):
    return talking.core("drivers.driver_strips").driver_of(strip, talking.core("drivers.driver_strips").Part.ACTING)


def refusal(strip) -> str:
    with pytest.raises(talking.shared("errors").TalkingHeadError) as caught:
        acting(strip)
    assert caught.value.hint
    return caught.value.message


def test_chosen_by_name(portrait, actor):
    portrait.th_acting = "Actor"
    assert acting(portrait) == actor
    assert portrait.th_acting_tag == actor.th_driver_tag != ""


def test_renamed_driver_is_found_and_shown_by_its_new_name(portrait, actor):
    portrait.th_acting = "Actor"
    actor.name = "Bob"
    assert acting(portrait) == actor
    assert portrait.th_acting == "Bob"


def test_another_strip_that_took_the_name_does_not_count(portrait, actor, astronaut):
    portrait.th_acting = "Actor"
    actor.name = "Bob"
    sequencer.add_image(astronaut, name="Actor", channel=4)
    assert acting(portrait) == actor


def test_duplicated_driver_keeps_its_name(portrait, actor):
    portrait.th_acting = "Actor"
    sequencer.select(actor)
    with sequencer.override():
        bpy.ops.sequencer.duplicate()
    twins = [strip for strip in sequencer.all_strips() if strip.th_driver_tag]
    assert len(twins) == 2
    assert acting(portrait).name == "Actor"


def test_pieces_that_were_cut_together_stay_together(portrait, actor):
    portrait.th_acting = "Actor"
    sequencer.select(portrait, actor)
    with sequencer.override():
        bpy.ops.sequencer.split("EXEC_DEFAULT", frame=9, type="SOFT", side="BOTH")
    pieces = sorted((strip for strip in sequencer.all_strips() if strip.type == "IMAGE"), key=lambda s: s.name)
    assert [acting(piece).name for piece in pieces] == ["Actor", "Actor.001"]
    assert [piece.th_acting for piece in pieces] == ["Actor", "Actor.001"]


def test_a_copy_of_both_has_its_own_driver(portrait, actor):
    portrait.th_acting = "Actor"
    sequencer.select(portrait, actor)
    with sequencer.override():
        bpy.ops.sequencer.duplicate()
    copies = [strip for strip in sequencer.all_strips() if strip.name in ("Portrait.001", "Actor.001")]
    compat = talking.core("compat")
    for strip in copies:
        strip.channel += 10
        compat.set_content_start(strip, compat.content_start(strip) + 200)
    assert acting(sequencer.all_strips()["Portrait.001"]).name == "Actor.001"
    assert acting(portrait).name == "Actor"
    compat.set_content_start(portrait, 500)  # beside none of them: the name again
    assert acting(portrait).name == "Actor"


def test_references_are_kept_in_the_file(portrait, actor, saved_file):
    portrait.th_acting = "Actor"
    actor.name = "Bob"
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(saved_file))
    assert acting(sequencer.all_strips()["Portrait"]).name == "Bob"


def test_deleted_driver_is_told(portrait, actor):
    portrait.th_acting = "Actor"
    sequencer.strips().remove(actor)
    assert "is gone" in refusal(portrait)
    assert portrait.th_acting == "Actor"


def test_no_driver_is_told(portrait):
    assert "has no driver" in refusal(portrait)
    portrait.th_acting_file = "//actor.mp4"
    assert acting(portrait) is None


def test_a_strip_cannot_drive_itself(portrait):
    portrait.th_acting = "Portrait"
    assert "cannot drive itself" in refusal(portrait)


def test_a_meta_strip_cannot_drive_what_is_in_it(portrait, actor):
    sequencer.select(portrait, actor)
    with sequencer.override():
        bpy.ops.sequencer.meta_make()
        bpy.ops.sequencer.meta_make()
    inside = sequencer.all_strips()["Portrait"]
    metas = [strip.name for strip in sequencer.all_strips() if strip.type == "META"]
    assert len(metas) == 2
    for name in metas:
        inside.th_acting = name
        assert "cannot drive itself" in refusal(inside)


def test_taking_the_driver_away(portrait, actor):
    portrait.th_acting = "Actor"
    portrait.th_acting = ""
    assert (portrait.th_acting, portrait.th_acting_tag) == ("", "")


def test_search_offers_what_can_drive(portrait, actor, scene):
    module = talking.core("drivers.driver_strips")
    extent = {"length": 24} if bpy.app.version >= (5, 0, 0) else {"frame_end": 25}
    sequencer.strips().new_effect(name="Text", type="TEXT", channel=5, frame_start=1, **extent)
    assert module.suggestions(portrait, module.Part.ACTING, "") == ["Actor"]
    assert module.suggestions(portrait, module.Part.SPEECH, "act") == ["Actor"]
    assert module.suggestions(portrait, module.Part.SPEECH, "x") == []
