# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window tests have Blender do and tell: each function is sent there alone, so it imports what it needs."""

# pyright: reportMissingImports=false


def begin():
    """A new file, factory start-up, no job, no preview."""
    import importlib

    import bpy
    import inside

    core = f"{inside.MODULE}.blender_talkinghead"
    importlib.import_module(f"{core}.jobs.service").runner.drop("a test begins")
    importlib.import_module(f"{core}.jobs.service").runner.forget()
    importlib.import_module(f"{core}.preview.preview").stop()
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    yield
    if inside.MODULE not in bpy.context.preferences.addons:
        inside.enable()
    inside.be_quiet()
    inside.window().cursor_warp(inside.window().width - 1, 0)  # out of the pictures
    inside.open_panels(["queue", "head", "eyes", "brows", "mouth"])
    yield


def lay_out(lower="", part=0.3):
    """The Sequencer with its Preview and sidebar fills the window, over another editor if one is named.

    The scene has 1280 x 720 px and frames 1 to 24.
    """
    import bpy
    import inside

    while len(inside.window().screen.areas) > 1:
        smallest = min(inside.window().screen.areas, key=lambda area: area.width * area.height)
        with bpy.context.temp_override(window=inside.window(), area=smallest, region=smallest.regions[0]):
            bpy.ops.screen.area_close()
        yield
    upper = inside.window().screen.areas[0]
    if lower:
        with bpy.context.temp_override(window=inside.window(), area=upper, region=upper.regions[0]):
            bpy.ops.screen.area_split(direction="HORIZONTAL", factor=part)
        yield
        other, upper = sorted(inside.window().screen.areas, key=lambda area: area.y)
        other.ui_type = lower
    upper.type = "SEQUENCE_EDITOR"
    upper.spaces.active.view_type, upper.spaces.active.show_region_ui = "SEQUENCER_PREVIEW", True
    scene = inside.window().scene
    if hasattr(inside.window().workspace, "sequencer_scene"):
        inside.window().workspace.sequencer_scene = scene
    scene.sequence_editor_create()
    scene.render.resolution_x, scene.render.resolution_y = 1280, 720
    scene.frame_start, scene.frame_end = 1, 24
    scene.view_settings.view_transform = "Standard"
    upper.spaces.active.timeline_overlay.show_strip_source = False  # no long paths in the pictures
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


def save(path):
    """Save the file, so that frames have a folder."""
    import bpy

    bpy.ops.wm.save_as_mainfile(filepath=path)


def add_portrait(path, name, length=24, channel=1):
    """Add an image strip and make it the active one, as a drop on the timeline does."""
    import bpy
    import inside

    strips = inside.strips()
    for strip in strips:
        strip.select = False
    strip = strips.new_image(name, path, channel, 1)
    strip.frame_final_duration = length
    strip.select, inside.window().scene.sequence_editor.active_strip = True, strip
    inside.window().scene.frame_end = max(length, 24)
    with bpy.context.temp_override(window=inside.window(), area=inside.area(), region=inside.region("WINDOW")):
        bpy.ops.sequencer.view_all()
    bpy.ops.ed.undo_push(message="Add a portrait")
    yield
    yield


def place(name, scale, x, y):
    """Scale a strip and move it by px from the middle of the picture."""
    import inside

    transform = inside.strip(name).transform
    transform.scale_x, transform.scale_y, transform.offset_x, transform.offset_y = scale, scale, x, y


def show_faces(shown):
    """Whether the box of the face is drawn in the Preview."""
    import bpy

    bpy.context.window_manager.th_show_face = shown
    yield
    yield


def activate(name):
    """Make a strip the selected and active one."""
    import inside

    strip = inside.strip(name)
    for other in inside.strips():
        other.select = other == strip
    inside.window().scene.sequence_editor.active_strip = strip
    inside.area().tag_redraw()
    yield
    yield


def set_values(name, values):
    """Set properties of a strip."""
    import inside

    for key, value in values.items():
        setattr(inside.strip(name), key, value)
    inside.window().scene.update_tag()
    yield
    yield


def values(name, names):
    """Properties of a strip."""
    import inside

    found = [getattr(inside.strip(name), key) for key in names]
    return [list(value) if hasattr(value, "__len__") and not isinstance(value, str) else value for value in found]


def insert_keys(name, control, pairs):
    """Key a slider: [(frame, value)]."""
    import inside

    for frame, value in pairs:
        setattr(inside.strip(name), f"th_{control}", value)
        inside.strip(name).keyframe_insert(f"th_{control}", frame=frame)
    yield


def keys():
    """{slider: [(frame, value)]} of all F-curves of the scene."""
    import importlib

    import inside

    compat = importlib.import_module(f"{inside.MODULE}.blender_talkinghead.compat")
    return {
        curve.data_path.rpartition(".")[2]: [list(point.co) for point in curve.keyframe_points]
        for curve in compat.fcurves_of(inside.window().scene)
    }


def go_to(frame):
    """Set the current frame."""
    import inside

    inside.window().scene.frame_set(frame)
    yield
    yield


def images():
    """{name: file names of its pictures} of all image strips."""
    import inside

    return {s.name: [element.filename for element in s.elements] for s in inside.strips() if s.type == "IMAGE"}


def job_state():
    """[whether a job runs, how far it is (0 to 1), what it says, its error] of the last job; None before any."""
    import importlib

    import inside

    runner = importlib.import_module(f"{inside.MODULE}.blender_talkinghead.jobs.service").runner
    state = runner.state
    return state and [
        runner.running,
        state.progress,
        state.line if runner.running else state.text,
        str(state.error or ""),
    ]


def job_ended():
    """What the last job said at its end; "" before."""
    import importlib

    import inside

    runner = importlib.import_module(f"{inside.MODULE}.blender_talkinghead.jobs.service").runner
    state = runner.state
    return "" if runner.running or state is None else str(state.error or state.text)


def job_has_come_to(part):
    """Whether the running job has done this part of its work (0 to 1)."""
    import importlib

    import inside

    runner = importlib.import_module(f"{inside.MODULE}.blender_talkinghead.jobs.service").runner
    assert runner.running, f"the job ended too early: {runner.state}"
    return runner.state is not None and runner.state.progress >= part


def queue():
    """[(state, name of the strip)] of the jobs in the queue."""
    import importlib

    import inside

    service = importlib.import_module(f"{inside.MODULE}.blender_talkinghead.jobs.service")
    return [[entry.state.value, entry.order.strip if entry.order else ""] for entry in service.queue.entries]


def queue_ended():
    """Whether no job runs or waits."""
    import importlib

    import inside

    service = importlib.import_module(f"{inside.MODULE}.blender_talkinghead.jobs.service")
    return not service.runner.running and not service.queue.pending


def preview_number(name):
    """Number of the preview picture of a strip that is shown now and waits for no newer one; 0 if there is none."""
    import importlib

    import inside

    preview = importlib.import_module(f"{inside.MODULE}.blender_talkinghead.preview.preview")
    picture = preview.picture_of(inside.window().scene, inside.strip(name))
    return 0 if picture is None or preview.waiting() else picture.number


def point_in_window(name, index):
    """Where a point placed by hand is in the window, in px from its bottom left corner."""
    import importlib

    import inside

    core = f"{inside.MODULE}.blender_talkinghead.preview"
    overlay, rig_points = (importlib.import_module(f"{core}.{part}") for part in ("overlay", "rig_points"))
    source, region = inside.strip(name), inside.region("PREVIEW")
    scene = inside.window().scene
    placement = overlay.placement_of(scene, source, source, overlay.picture_size(source))
    x, y = region.view2d.view_to_region(*placement.to_view(rig_points.points(source)[index]), clip=False)
    return [region.x + x, region.y + y]


def region_box(kind):
    """[x, y, width, height] of a region of the Sequencer, in px from the window's top left corner."""
    import inside

    region = inside.region(kind)
    return [region.x, inside.window().height - region.y - region.height, region.width, region.height]


def middle(kind):
    """The middle of a region of the Sequencer, in px from the window's bottom left corner."""
    import inside

    region = inside.region(kind)
    return [region.x + region.width // 2, region.y + region.height // 2]


def view_curves():
    """Show all curves in the Graph Editor or Dope Sheet."""
    import bpy
    import inside

    for kind, view in (("GRAPH_EDITOR", "graph"), ("DOPESHEET_EDITOR", "action")):
        for area in (area for area in inside.window().screen.areas if area.type == kind):
            area.spaces.active.show_region_ui = False
            yield
            for part, operator in (
                ("CHANNELS", bpy.ops.anim.channels_expand),
                ("WINDOW", getattr(bpy.ops, view).view_all),
            ):
                region = next(region for region in area.regions if region.type == part)
                with bpy.context.temp_override(window=inside.window(), area=area, region=region):
                    operator()
                yield
    yield
    yield


def newer_preview(name, number):
    """Whether a preview of a strip is shown that is newer than the one of this number, and none is waited for."""
    import importlib

    import inside

    preview = importlib.import_module(f"{inside.MODULE}.blender_talkinghead.preview.preview")
    picture = preview.picture_of(inside.window().scene, inside.strip(name))
    return picture is not None and picture.number > number and not preview.waiting()
