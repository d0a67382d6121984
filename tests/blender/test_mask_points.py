# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points that say who is replaced in a shot: placed by clicks, with the strip that was active, and undone."""

from __future__ import annotations

import json
from types import SimpleNamespace

import bpy
import pytest
import queued
import recording_layout
import sequencer
import talking

LENGTH = 100


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    yield
    talking.fresh_start()


@pytest.fixture
def figure(scene, saved_file, astronaut):
    """A strip of 100 frames from frame 11 on, animated by Wan-Animate."""
    strip = sequencer.add_image(astronaut, length=LENGTH, start=11)
    strip.th_role, strip.th_id, strip.th_engine = "SOURCE", "3f", "wananimate"
    sequencer.select(strip)
    return strip


def mask_panel() -> recording_layout.RecordingLayout:
    return recording_layout.draw(bpy.types.TALKINGHEAD_PT_engine_mask)


def test_mask_points_are_placed_on_the_pictures_that_are_shown(figure, scene, hopper):
    figure.elements.append(hopper.name)
    figure.th_wananimate_mode = "replace"
    scene.frame_set(11)
    assert bpy.ops.talkinghead.place_mask_points(position=(0.25, 0.5)) == {"FINISHED"}
    scene.frame_set(12)
    assert bpy.ops.talkinghead.place_mask_points(position=(0.75, 0.5), belongs=False) == {"FINISHED"}
    assert json.loads(figure.th_wananimate_mask_points) == [[0, 0.25, 0.5, 1], [1, 0.75, 0.5, 0]]
    assert "1 of the person, 1 not in 2 pictures" in mask_panel().text
    assert bpy.ops.talkinghead.clear_mask_points() == {"FINISHED"}
    assert figure.th_wananimate_mask_points == "" and not bpy.ops.talkinghead.clear_mask_points.poll()
    assert "the person is found" in mask_panel().text


def test_mask_points_only_where_they_are_used(figure):
    assert not bpy.ops.talkinghead.place_mask_points.poll()
    figure.th_wananimate_mode = "replace"
    assert bpy.ops.talkinghead.place_mask_points.poll()
    figure.th_wananimate_mask_from = "matte"
    assert not bpy.ops.talkinghead.place_mask_points.poll()


class Clicks:
    """Place Mask Points as it runs in a window whose view is the scene, in px from its lower left corner."""

    def __init__(self, source, scene) -> None:
        module = queued.operators("mask_points")
        kind = module.TALKINGHEAD_OT_place_mask_points
        own = {name: getattr(kind, name) for name in ("modal", "_look", "_edit")}
        half = scene.render.resolution_x / 2
        view = SimpleNamespace(region_to_view=lambda x, y: (x - half, y - half))
        self.operator = type("StandIn", (module.PickInPreview,), own)()
        self.operator.find_preview = lambda context, event: (SimpleNamespace(view2d=view), event.at)
        self.operator.before = source.th_wananimate_mask_points
        self.operator.frame = None
        given = {
            "workspace": SimpleNamespace(status_text_set=lambda text: None),
            "window_manager": SimpleNamespace(modal_handler_add=lambda operator: None),
            "__getattr__": lambda context, name: getattr(bpy.context, name),
        }
        self.context = type("Context", (), given)()
        self.operator.begin(self.context, source)

    def __call__(self, kind, value="PRESS", at=(0, 0), ctrl=False):
        event = SimpleNamespace(type=kind, value=value, at=at, ctrl=ctrl)
        return self.operator.modal(self.context, event)


def test_points_are_clicked_dragged_and_removed(figure, scene):
    figure.th_wananimate_mode = "replace"
    click = Clicks(figure, scene)
    points = lambda: json.loads(figure.th_wananimate_mask_points or "[]")  # noqa: E731
    click("LEFTMOUSE", at=(256, 256))
    click("LEFTMOUSE", at=(128, 256), ctrl=True)
    assert points() == [[0, 0.5, 0.5, 1], [0, 0.25, 0.5, 0]]
    click("LEFTMOUSE", at=(260, 256))  # near the first one: it is taken
    click("MOUSEMOVE", at=(384, 128))
    click("LEFTMOUSE", "RELEASE", at=(384, 128))
    click("MOUSEMOVE", at=(0, 0))
    assert points() == [[0, 0.75, 0.75, 1], [0, 0.25, 0.5, 0]]
    click("X", at=(384, 130))
    assert click("LEFTMOUSE", at=(-9, 130)) == {"PASS_THROUGH"}  # beside the picture
    assert points() == [[0, 0.25, 0.5, 0]]
    assert click("MIDDLEMOUSE") == click("RIGHT_ARROW") == {"PASS_THROUGH"}  # the view moves, and frames change
    marks = talking.core("preview.mask_marks")
    assert marks.picture_of(figure) == 0
    assert click("RET") == {"FINISHED"} and marks.picture_of(figure) is None
    assert points() == [[0, 0.25, 0.5, 0]]


def test_escape_takes_clicks_back(figure, scene):
    figure.th_wananimate_mode = "replace"
    figure.th_wananimate_mask_points = "[[0,0.5,0.5,1]]"
    click = Clicks(figure, scene)
    click("LEFTMOUSE", at=(10, 10))
    assert click("ESC") == {"CANCELLED"}
    assert figure.th_wananimate_mask_points == "[[0,0.5,0.5,1]]"


def test_clicks_stay_with_the_strip_that_was_active(figure, scene, astronaut):
    other = sequencer.add_image(astronaut, name="Other", channel=5, length=LENGTH, start=11)
    other.th_role, other.th_id, other.th_engine = "SOURCE", "4a", "wananimate"
    for strip in (figure, other):
        strip.th_wananimate_mode = "replace"
    other.th_wananimate_mask_points = kept = "[[0,0.1,0.1,1]]"
    sequencer.select(figure)
    click = Clicks(figure, scene)
    assert other.mute is False
    figure.name = "Renamed"
    click("LEFTMOUSE", at=(256, 256))
    sequencer.select(other)
    assert click("LEFTMOUSE", at=(10, 10)) == {"FINISHED"}
    assert (figure.th_wananimate_mask_points, other.th_wananimate_mask_points) == ("[[0,0.5,0.5,1]]", kept)


def test_clicks_mean_the_shot_though_its_result_is_moved(figure, scene, hopper):
    figure.th_wananimate_mode = "replace"
    result = sequencer.add_image(hopper, name="Result", channel=5, length=LENGTH, start=11)
    result.th_role, result.th_id = "RESULT", figure.th_id
    result.transform.offset_x, result.transform.scale_x = 100, 3.0
    sequencer.select(result)
    click = Clicks(figure, scene)
    assert (result.mute, figure.mute) == (True, False)
    click("LEFTMOUSE", at=(256, 256))
    assert figure.th_wananimate_mask_points == "[[0,0.5,0.5,1]]"
    click.operator.cancel(click.context)  # as Blender does when the window is closed
    assert result.mute is False and talking.core("preview.mask_marks").picture_of(figure) is None


def test_what_undo_brings_back_from_while_clicking_is_shown_as_before(figure, scene, hopper):
    result = sequencer.add_image(hopper, name="Result", channel=5, length=LENGTH, start=11)
    result.th_role, result.th_id = "RESULT", figure.th_id
    figure.th_wananimate_mode = "replace"
    figure.mute = True
    sequencer.select(figure)
    click = Clicks(figure, scene)
    bpy.ops.ed.undo_push(message="while clicking")
    assert (result.mute, figure.mute) == (True, False)
    click("RET")
    bpy.ops.ed.undo_push(message="clicked")
    bpy.ops.ed.undo()
    shown = {strip.name: strip.mute for strip in talking.core("compat").all_strips(bpy.context.scene)}
    assert shown == {"Portrait": True, "Result": False}


def test_placed_points_are_no_step_to_adjust():
    """It would begin anew with a single point."""
    for name in ("place_mask_points", "place_points"):
        assert getattr(bpy.types, f"TALKINGHEAD_OT_{name}").bl_options == {"UNDO"}
