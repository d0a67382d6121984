# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes ``docs/controls.md`` from the table of controls and the engines' settings.

python -m tools.controls_page
"""

from __future__ import annotations

import sys
from pathlib import Path

from inference.controls import CONTROLS, PROPERTY_PREFIX, Control, Group, Unit, controls_in
from inference.engines import ENGINES
from inference.engines.description import EngineDescription, Setting, SettingKind

PAGE = Path(__file__).resolve().parent.parent / "docs" / "controls.md"
HEADER = """# Sliders and settings

Made by `python -m tools.controls_page` from `inference/controls.py`; do not edit by hand.

Every slider is a property of the strip, named `th_` and the control's name, so its F-curve path is
`sequence_editor.strips_all["Strip"].th_head_yaw` (`sequences_all` in Blender 4.2). Left and right are the subject's
own. Angles are plain numbers in degrees. Dragging reaches the soft range; typing reaches the whole one. With everything
at rest the picture is untouched.
"""
STRENGTHS = "Strengths scale what a driver adds to the sliders; without a driver they do nothing."


def page() -> str:
    """The whole page as Markdown."""
    sections = [HEADER]
    for group in Group:
        sections.append(f"## {heading_of(group)}\n")
        if group is Group.STRENGTH:
            sections.append(f"{STRENGTHS}\n")
        sections.append(table(("property", "name", "range", "soft range", "rest", "what it does"), control_rows(group)))
    sections += [engine_section(engine) for engine in ENGINES.values()]
    return "\n".join(sections)


def heading_of(group: Group) -> str:
    """What a group of controls is called, and which engine alone has it."""
    engine = ENGINES.get(controls_in(group)[0].engine)
    if engine is None:
        return group.value.capitalize()
    own = group.value.removeprefix(engine.name).strip()
    return f"{own.capitalize()}, only with {engine.label}" if own else f"Only with {engine.label}"


def control_rows(group: Group) -> list[tuple[str, ...]]:
    """One row a control of a group."""
    return [
        (
            f"`{control.property_name}`",
            control.label,
            span(control.minimum, control.maximum) + unit_of(control),
            span(*control.soft_range),
            f"{control.rest:g}",
            control.description,
        )
        for control in controls_in(group)
    ]


def engine_section(engine: EngineDescription) -> str:
    """An engine's settings."""
    rows = [
        (f"`{PROPERTY_PREFIX}{engine.name}_{setting.name}`", setting.label, values_of(setting), setting.description)
        for setting in engine.settings
    ]
    return f"## {engine.label}\n\n{engine.summary}.\n\n" + table(("property", "name", "values", "what it does"), rows)


def values_of(setting: Setting) -> str:
    """What a setting takes, its default marked."""
    if setting.kind is SettingKind.CHOICE:
        return "; ".join(
            f"`{choice.value}`{' (default)' if choice.value == setting.default else ''}: {choice.description}"
            for choice in setting.choices
        )
    if setting.kind is SettingKind.SWITCH:
        return f"on or off, default {'on' if setting.default else 'off'}"
    if setting.kind is SettingKind.TEXT:
        return "text"
    if setting.kind is SettingKind.PATH:
        return "a file"
    return f"{span(setting.minimum, setting.maximum)}, default {setting.default}"


def span(low: float, high: float) -> str:
    """A range for people."""
    return f"{low:g} to {high:g}"


def unit_of(control: Control) -> str:
    """The unit after a range, where there is one to name."""
    names = {Unit.DEGREE: " degrees", Unit.FACE_WIDTH: " face widths", Unit.FACTOR: " (factor)"}
    return names.get(control.unit, "")


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}: {len(CONTROLS)} controls\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
