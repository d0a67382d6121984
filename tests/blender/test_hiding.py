# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is seen through a Cut Out preview but what lies below the pair, and no strip changes for it."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
import sequencer
import talking


@pytest.fixture(autouse=True)
def fresh(addon):
    talking.fresh_start()
    hiding().restore()
    yield
    hiding().restore()
    talking.fresh_start()


@pytest.fixture
def space(scene, saved_file):
    """A Preview in the window."""
    area = bpy.context.window_manager.windows[0].screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    area.spaces.active.view_type = "PREVIEW"
    area.spaces.active.display_channel = 0
    return area.spaces.active


@pytest.fixture
def source(space, astronaut):
    """A portrait on channel 2, its result on 3."""
    return talking.animated(astronaut, length=4, channel=2)


@pytest.fixture
def shown(monkeypatch):
    """A preview that is half transparent is shown at the current frame; ``clear()`` takes it away."""
    preview = talking.core("preview.preview")
    pictures = [picture(128)]
    monkeypatch.setattr(preview, "picture_of", lambda scene, strip: pictures[0] if pictures else None)
    monkeypatch.setattr(preview, "active", lambda: True)
    return pictures


def hiding():
    return talking.core("preview.hiding")


def beat():
    return talking.core("preview.overlay").watch()


def picture(alpha):
    pixels = np.full((4, 4, 4), 255, np.uint8)
    pixels[0, 0, 3] = alpha
    return talking.core("preview.preview").Picture(pixels, (512, 512), 1, 1)


def test_preview_shows_what_lies_below_the_pair_and_strips_stay(scene, source, space, shown):
    before = talking.snapshot(scene)
    assert beat()
    assert space.display_channel == 1
    assert not hiding().covers(scene)
    assert talking.snapshot(scene) == before


def test_muted_source_below_other_footage_hides_the_result_only(source, space, shown):
    source.mute = True
    beat()
    assert space.display_channel == 2


def test_opaque_preview_hides_nothing(source, space, shown):
    shown[0] = picture(255)
    assert not beat()
    assert space.display_channel == 0


def test_faded_strip_is_seen_through_as_well(source, space, shown):
    shown[0] = picture(255)
    talking.result_of(source).blend_type = "ALPHA_OVER"
    talking.result_of(source).blend_alpha = 0.5
    beat()
    assert space.display_channel == 1


def test_pair_on_the_lowest_channel_is_covered(scene, space, astronaut, shown):
    talking.animated(astronaut, length=4, channel=1)
    beat()
    assert space.display_channel == 0
    assert hiding().covers(scene)


def test_end_of_the_preview_shows_all_again(source, space, shown, monkeypatch):
    beat()
    monkeypatch.setattr(talking.core("preview.preview"), "active", lambda: False)
    shown.clear()
    assert not beat()
    assert space.display_channel == 0


def test_it_stays_hidden_for_a_moment_until_the_next_frame_comes(source, space, shown, monkeypatch):
    beat()
    shown.clear()
    beat()
    assert space.display_channel == 1
    monkeypatch.setattr(hiding(), "PATIENCE_S", 0.0)
    beat()
    assert space.display_channel == 0


def test_channel_that_the_user_chose_is_kept_and_put_back(source, space, shown, monkeypatch):
    space.display_channel = 1  # shows the pair no more than we want
    beat()
    assert space.display_channel == 1
    hiding().restore()
    assert space.display_channel == 1
    space.display_channel = 9
    beat()
    assert space.display_channel == 1
    hiding().restore()
    assert space.display_channel == 9
    beat()
    space.display_channel = 5  # meanwhile
    hiding().restore()
    assert space.display_channel == 5


def test_saved_file_has_nothing_hidden(source, space, shown):
    beat()
    bpy.ops.wm.save_mainfile()
    assert space.display_channel == 0
    beat()
    assert space.display_channel == 1


def test_file_that_was_saved_without_asking_is_mended(source, space, shown, tmp_path, monkeypatch):
    beat()
    handlers = bpy.app.handlers.save_pre
    handlers.remove(hiding()._before_save)  # as automatic saving does not call it
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "auto.blend"), copy=True)
    handlers.append(hiding()._before_save)
    hiding().restore()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "auto.blend"), load_ui=True)
    screens = list(bpy.data.screens)
    spaces = [space for screen in screens for area in screen.areas for space in area.spaces]
    assert all(space.display_channel == 0 for space in spaces if space.type == "SEQUENCE_EDITOR")
    assert all(screen.th_limited_to == 0 for screen in screens)


def test_render_is_not_touched(scene, source, space, shown, tmp_path):
    before = talking.pixels(sequencer.render_frame(tmp_path / "before.png", 1))
    beat()
    assert np.array_equal(talking.pixels(sequencer.render_frame(tmp_path / "after.png", 1)), before)


def test_disabling_shows_all_again(source, space, shown, monkeypatch):
    import installed_extension

    beat()
    monkeypatch.undo()
    bpy.ops.preferences.addon_disable(module=installed_extension.MODULE)
    assert space.display_channel == 0
    installed_extension.enable()
