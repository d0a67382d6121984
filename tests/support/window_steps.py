# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window tests have Blender do and tell: each function is sent there alone, so it imports what it needs."""

# pyright: reportMissingImports=false


def begin():
    """A new file, factory start-up, no job."""
    import bpy
    import inside

    bpy.ops.wm.read_homefile(use_factory_startup=True)
    yield
    if inside.MODULE not in bpy.context.preferences.addons:
        inside.enable()
    view, inputs = bpy.context.preferences.view, bpy.context.preferences.inputs
    view.show_splash, view.smooth_view, inputs.use_mouse_continuous = False, 0, False
    yield


def lay_out(lower="DOPESHEET"):
    """The Sequencer with its Preview and sidebar over another editor; a scene of 1280 x 720 px, frames 1 to 24."""
    import bpy
    import inside

    for kind in ("OUTLINER", "PROPERTIES"):
        area = inside.area(kind)
        with bpy.context.temp_override(window=inside.window(), area=area, region=area.regions[0]):
            bpy.ops.screen.area_close()
        yield
    upper = max(inside.window().screen.areas, key=lambda area: area.height)
    other = min(inside.window().screen.areas, key=lambda area: area.height)
    upper.type, other.ui_type = "SEQUENCE_EDITOR", lower
    upper.spaces.active.view_type, upper.spaces.active.show_region_ui = "SEQUENCER_PREVIEW", True
    scene = inside.window().scene
    if hasattr(inside.window().workspace, "sequencer_scene"):
        inside.window().workspace.sequencer_scene = scene
    scene.sequence_editor_create()
    scene.render.resolution_x, scene.render.resolution_y = 1280, 720
    scene.frame_start, scene.frame_end = 1, 24
    scene.view_settings.view_transform = "Standard"
    yield


def sidebar_is_drawn():
    """Whether the sidebar has its tabs."""
    import inside

    return inside.region().width > 100


def choose_tab(name="Talking Head"):
    """Bring a tab of the sidebar to the front."""
    import inside

    yield
    inside.region().active_panel_category = name
    inside.area().tag_redraw()
    yield
    yield


def add_portrait(path, name, length=24, channel=1):
    """Add an image strip and make it the active one, as a drop on the timeline does."""
    import bpy
    import inside

    editor = inside.window().scene.sequence_editor
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    for strip in strips:
        strip.select = False
    strip = strips.new_image(name, path, channel, 1)
    strip.frame_final_duration = length
    strip.select, editor.active_strip = True, strip
    with bpy.context.temp_override(window=inside.window(), area=inside.area(), region=inside.region("WINDOW")):
        bpy.ops.sequencer.view_all()
    bpy.ops.ed.undo_push(message="Add a portrait")
    yield
    yield


def strips():
    """{name: (role, first picture's file name, number of pictures)} of all strips."""
    import inside

    editor = inside.window().scene.sequence_editor
    found = editor.strips if hasattr(editor, "strips") else editor.sequences
    return {
        strip.name: (strip.th_role, strip.elements[0].filename, len(strip.elements))
        for strip in found
        if strip.type == "IMAGE"
    }


def job_ended():
    """Whether no job runs; what the last one said."""
    import importlib

    import inside

    runner = importlib.import_module(f"{inside.MODULE}.blender_talkinghead.jobs.service").runner
    if runner.running or runner.state is None:
        return ""
    return str(runner.state.error or runner.state.text or runner.state.phase)
