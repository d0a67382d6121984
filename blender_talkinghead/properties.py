# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's properties on strips and scenes.

They are flat on the strip type, because what is inside a property group cannot be keyframed on a strip. The names of
the controls are F-curve paths in users' files and never change.
"""

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, FloatVectorProperty, IntProperty, StringProperty

from ..inference.acting import AUTOMATIC, DEFAULT_SMOOTHING
from ..inference.controls import CONTROLS, PROPERTY_PREFIX, Control, Group, Unit
from ..inference.engines import DEFAULT_ENGINE, ENGINES, description_of
from ..inference.engines.description import EngineDescription, Setting, SettingKind
from ..inference.source import MANUAL_POINTS
from . import compat
from .drivers import driver_strips
from .drivers.driver_strips import Part
from .strips import folders, lookup
from .strips.pairs import ROLE_MATTE, ROLE_NONE, ROLE_RESULT, ROLE_SOURCE

RANGE_STRIP = "STRIP"
RANGE_PREVIEW = "PREVIEW"
RANGE_SCENE = "SCENE"

_ROLES = (
    (ROLE_NONE, "None", "Not part of a pair"),
    (ROLE_SOURCE, "Source", "Its face is animated"),
    (ROLE_RESULT, "Result", "Shows the frames made from a source"),
    (ROLE_MATTE, "Matte", "Shows the alpha of a result's frames"),
)
_RANGES = (
    (RANGE_STRIP, "Strip", "Every frame that the source strip shows"),
    (RANGE_PREVIEW, "Preview Range", "Only frames inside the scene's preview range"),
    (RANGE_SCENE, "Scene Range", "Only frames between the scene's start and end"),
)
_SETTING_DECIMALS = 4
# Of each driver: its label, what its strip or file gives, and which files there are.
_CLIP_FILES = ": a movie, or a motion template of LivePortrait (.pkl)"
_DRIVERS = {
    Part.ACTING: ("Acting", "whose face acts", _CLIP_FILES),
    Part.SPEECH: ("Speech", "that is spoken", ": a sound or a movie"),
    Part.HEAD: ("Head From", "whose head is followed instead of the acting clip's", _CLIP_FILES),
    Part.EXPRESSION: ("Expression From", "whose eyes and brows are followed instead of the acting clip's", _CLIP_FILES),
}
_GROUP_PANELS = {Group.EDTALK_WEIGHTS: "Motion Weights"}
_registered: list[tuple[Any, str]] = []


def setting_property(engine: str, setting: str) -> str:
    """Name of the strip property of an engine's setting."""
    return f"{PROPERTY_PREFIX}{engine}_{setting}"


def panel_of(group: Group) -> str:
    """Label of the panel that shows a group of controls: an engine's only own group is named like the engine."""
    engine = ENGINES.get(group.value)
    return engine.label if engine else _GROUP_PANELS.get(group, group.value.title())


def controls_of(strip: Any) -> dict[str, float]:
    """The values of all controls at the current frame, strengths included, by control name."""
    return {control.name: getattr(strip, control.property_name) for control in CONTROLS}


def settings_of(strip: Any) -> dict[str, object]:
    """The settings of the strip's engine, checked; paths are absolute.

    Raises:
        TalkingHeadError: INVALID_REQUEST.
    """
    engine = description_of(strip.th_engine)
    return engine.settings_from({setting.name: _setting_of(strip, engine, setting) for setting in engine.settings})


def _setting_of(strip: Any, engine: EngineDescription, setting: Setting) -> object:
    value = getattr(strip, setting_property(engine.name, setting.name))
    if setting.kind is SettingKind.NUMBER:
        # Stored in 32 bit: what the user typed, within its limits, and the same as on a command line.
        return round(value, _SETTING_DECIMALS)
    return str(folders.absolute(value)) if setting.kind is SettingKind.PATH and value else value


def source_of_active(context: Any) -> Any | None:
    """The active strip, or the source of the active result strip; None without one."""
    strip = compat.active_strip(context)
    return None if strip is None else lookup.source_of(strip)


def points_of(strip: Any) -> tuple[tuple[float, float], ...]:
    """The manual rig of a strip: (x, y) of each point in parts of width and height, origin top left; () when unused."""
    if not strip.th_manual:
        return ()
    flat = [float(value) for value in strip.th_points]
    return tuple(zip(flat[0::2], flat[1::2], strict=True))


def register() -> None:
    """Add the properties; if one fails, remove those before it and let the error through."""
    try:
        _register_controls()
        _register_engines()
        _register_face()
        _register_drivers()
        _register_pair()
        _register_scene()
    except BaseException:
        unregister()
        raise


def unregister() -> None:
    """Remove the properties. Their values and F-curves stay in the file."""
    while _registered:
        owner, name = _registered.pop()
        delattr(owner, name)


def _add(owner: Any, name: str, definition: Any) -> None:
    setattr(owner, name, definition)
    _registered.append((owner, name))


def _add_to_strip(name: str, definition: Any) -> None:
    _add(compat.STRIP_TYPE, name, definition)


def _register_controls() -> None:
    for control in CONTROLS:
        _add_to_strip(control.property_name, _slider(control))


def _slider(control: Control) -> Any:
    # Degrees are plain numbers, so that curves, drivers and typed values are in degrees everywhere.
    soft_minimum, soft_maximum = control.soft_range
    in_degrees = control.unit is Unit.DEGREE
    return FloatProperty(
        name=control.label,
        description=control.description + (", in degrees" if in_degrees else ""),
        default=control.rest,
        min=control.minimum,
        max=control.maximum,
        soft_min=soft_minimum,
        soft_max=soft_maximum,
        step=100 if in_degrees else 1,
        precision=2 if in_degrees else 3,
        subtype="FACTOR" if (control.minimum, control.maximum) == (0.0, 1.0) else "NONE",
        options={"ANIMATABLE"},
    )


def _register_engines() -> None:
    items = tuple((engine.name, engine.label, engine.summary) for engine in ENGINES.values())
    _add_to_strip(
        "th_engine",
        EnumProperty(
            name="Engine", description="What makes the frames", items=items, default=DEFAULT_ENGINE, options=set()
        ),
    )
    for engine in ENGINES.values():
        for setting in engine.settings:
            _add_to_strip(setting_property(engine.name, setting.name), _setting(setting))


def _setting(setting: Setting) -> Any:
    common: dict[str, Any] = {"name": setting.label, "description": setting.description, "options": set()}
    if setting.kind is SettingKind.CHOICE:
        items = tuple((choice.value, choice.label, choice.description) for choice in setting.choices)
        return EnumProperty(items=items, default=str(setting.default), **common)
    if setting.kind is SettingKind.SWITCH:
        return BoolProperty(default=bool(setting.default), **common)
    if setting.kind is SettingKind.TEXT:
        return StringProperty(default=str(setting.default), **common)
    if setting.kind is SettingKind.PATH:
        paths = {**common, "options": compat.PATH_OPTIONS}
        return StringProperty(default=str(setting.default), subtype="FILE_PATH", **paths)
    number: Any = setting.default
    if setting.kind is SettingKind.WHOLE:
        return IntProperty(default=int(number), min=int(setting.minimum), max=int(setting.maximum), **common)
    return FloatProperty(default=float(number), min=setting.minimum, max=setting.maximum, **common)


def _register_face() -> None:
    _add_to_strip(
        "th_face_index",
        IntProperty(
            name="Face",
            description="Which of the found faces is animated, the largest being 0",
            min=0,
            max=99,
            options=set(),
        ),
    )
    _add_to_strip(
        "th_face_picture",
        IntProperty(
            name="Face Picture",
            description="Picture of the source on which the face was chosen or the points were placed; "
            "-1 is the first one that the strip shows",
            default=-1,
            min=-1,
            options=set(),
        ),
    )
    _add_to_strip(
        "th_manual",
        BoolProperty(
            name="Place Points",
            description="Use points placed by hand instead of face detection, for drawings and animals",
            options=set(),
        ),
    )
    _add_to_strip(
        "th_points",
        FloatVectorProperty(
            name="Points",
            description="The placed points, in parts of the picture's width and height from its top left corner",
            size=2 * len(MANUAL_POINTS),
            options=set(),
        ),
    )
    _add_to_strip(
        "th_as_seen",
        BoolProperty(
            name="As Seen",
            description="Use the picture as the sequencer shows it, with crop, transform and modifiers, "
            "instead of the strip's file",
            options=set(),
        ),
    )


def _register_drivers() -> None:
    for part, (label, does, files) in _DRIVERS.items():
        if part not in driver_strips.ADDED:
            _register_switch(part, label, does)
        _register_driver(part, label, does, files)
    for name, definition in (*_acting_properties().items(), *_speech_properties().items()):
        _add_to_strip(name, definition)
    text = "Identity by which drivers are found after they were renamed"
    _add_to_strip("th_driver_tag", StringProperty(name="Driver", description=text, options={"HIDDEN"}))


def _register_switch(part: Part, label: str, does: str) -> None:
    text = f"Let another strip drive the face: one {does}"
    _add_to_strip(part.switch, BoolProperty(name=label, description=text, options=set()))


def _register_driver(part: Part, label: str, does: str, files: str) -> None:
    """The reference to a driver: ``th_acting`` and its like, which follow the driver when it is renamed."""
    hidden: dict[str, Any] = {"options": {"HIDDEN"}}
    added = part in driver_strips.ADDED
    _add_to_strip(
        part.reference,
        StringProperty(
            name=label if added else "Driver", description=f"The strip {does}", options=set(),
            get=lambda strip: driver_strips.current_name(strip, part),
            set=lambda strip, name: driver_strips.assign(strip, part, name),
            search=lambda strip, context, text: driver_strips.suggestions(strip, part, text),
        ),
    )  # fmt: skip
    _add_to_strip(part.name_kept, StringProperty(name="Name", description="Name of the driver when chosen", **hidden))
    _add_to_strip(part.tag, StringProperty(name="Tag", description="Identity of the chosen driver", **hidden))
    _add_to_strip(
        part.file,
        StringProperty(
            name=f"{label.removesuffix(' From')} File" if added else "File",
            description=f"A file {does}, where no strip is chosen{files}",
            subtype="FILE_PATH",
            options=compat.PATH_OPTIONS,
        ),
    )


def _acting_properties() -> dict[str, Any]:
    return {
        "th_acting_neutral": IntProperty(
            name="Neutral Picture",
            description="Picture of the driver on which the actor's face rests, from which all motion is measured; "
            "-1 finds one",
            default=AUTOMATIC,
            min=AUTOMATIC,
            options=set(),
        ),
        "th_acting_smoothing": FloatProperty(
            name="Smoothing",
            description="How much trembling of the tracked face is taken out; blinks stay",
            default=DEFAULT_SMOOTHING,
            min=0.0,
            max=1.0,
            subtype="FACTOR",
            options=set(),
        ),
        "th_acting_exact": BoolProperty(
            name="Exact",
            description="Let the engine follow the clip itself, as far as it can, instead of through the sliders",
            options=set(),
        ),
        "th_acting_face": IntProperty(
            name="Face",
            description="Which face of the driving file acts, the largest being 0",
            min=0,
            max=99,
            options=set(),
        ),
    }


def _speech_properties() -> dict[str, Any]:
    return {
        "th_transcript": StringProperty(
            name="Transcript",
            description="What is said, in English, so that lips close where they should; empty listens to vowels only",
            options=set(),
        ),
        "th_speech_exact": BoolProperty(
            name="Exact",
            description="Let an engine that can listen do so itself, instead of moving the mouth's sliders",
            default=True,
            options=set(),
        ),
        "th_idle_seed": IntProperty(
            name="Seed",
            description="Another number gives other moments of blinking and other head motion",
            min=0,
            options=set(),
        ),
    }


def _register_pair() -> None:
    hidden: dict[str, Any] = {"options": {"HIDDEN"}}
    texts = {
        "th_id": ("Pair", "Identity that a source shares with its result"),
        "th_owner": ("Source Name", "Name of the source strip when it was paired"),
        "th_scene": ("Scene Name", "Name of the scene in which the strip was paired"),
        "th_file": ("File Name", "Name of the .blend file in which the strip was paired"),
        "th_folder": ("Frames", "Folder of the frames, relative to the .blend file when it is saved"),
        "th_follow_state": ("Followed", "What the result last followed of its source"),
        "th_rendered": ("Rendered", "From which state of the source the result was rendered"),
    }
    for name, (label, description) in texts.items():
        _add_to_strip(name, StringProperty(name=label, description=description, **hidden))
    _add_to_strip(
        "th_role", EnumProperty(name="Role", description="The strip's part in its pair", items=_ROLES, **hidden)
    )
    _add_to_strip(
        "th_follow",
        BoolProperty(
            name="Follow Source",
            description="Move, trim, split and transform the result as its source is; what you set on the result "
            "itself is kept",
            default=True,
            options=set(),
        ),
    )
    _add_to_strip(
        "th_result_first",
        IntProperty(
            name="First Frame", description="Content frame of the source that the first picture shows", **hidden
        ),
    )
    for name, description in (
        ("th_seen_left", "First visible frame of the source at its last job"),
        ("th_seen_right", "Frame after the last visible one of the source at its last job"),
        ("th_seen_anchor", "Timeline frame of the source's content frame 0 at its last job"),
    ):
        _add_to_strip(name, IntProperty(name="Placement", description=description, **hidden))
    _add_to_strip(
        "th_hidden_source",
        BoolProperty(name="Hidden", description="The source was muted so that no second head shows", **hidden),
    )
    _add_to_strip(
        "th_was_muted",
        BoolProperty(name="Was Muted", description="The source was muted before it was hidden", **hidden),
    )
    uncovered = "While points are placed: 1 if it was shown before, 2 if it was muted"
    _add_to_strip("th_uncovered", IntProperty(name="Uncovered", description=uncovered, **hidden))


def _register_scene() -> None:
    _add(
        bpy.types.Scene,
        "th_range_mode",
        EnumProperty(name="Range", description="Which frames are rendered", items=_RANGES, options=set()),
    )
    _add(
        bpy.types.Scene,
        "th_output_folder",
        StringProperty(
            name="Frames Folder",
            description="Folder for rendered frames; empty means a folder named talkinghead beside the .blend file",
            subtype="DIR_PATH",
            options=compat.PATH_OPTIONS,
        ),
    )
