# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for UILayout, which cannot be made in background: records what is drawn, refuses what is wrong."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import bpy

_CONTAINERS = {"row", "column", "box", "split", "grid_flow", "column_flow"}
_SILENT = {"separator", "separator_spacer"}
_ICONS = set(bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items.keys())


class RecordingLayout:
    """Records (kind, name) of everything that is drawn into it or its children.

    Attributes:
        decorated: (owner, property) of what has a dot beside it that keys it.
    """

    use_property_split, use_property_decorate = False, True

    def __init__(self, parent: RecordingLayout | None = None) -> None:
        self.drawn: list[tuple[str, str]] = [] if parent is None else parent.drawn
        self.decorated: list[tuple[Any, str]] = [] if parent is None else parent.decorated
        if parent is not None:
            self.use_property_split = parent.use_property_split
            self.use_property_decorate = parent.use_property_decorate

    def __getattr__(self, name: str) -> Any:
        if name in _CONTAINERS:
            return lambda *arguments, **options: RecordingLayout(self)
        if name in _SILENT:
            return lambda *arguments, **options: None
        if name == "bl_rna" or name.startswith("__"):
            raise AttributeError(name)
        assert name in bpy.types.UILayout.bl_rna.properties, f"UILayout has no '{name}'"
        return None

    def label(self, text: str = "", icon: str = "NONE", **options: Any) -> None:
        assert icon in _ICONS, icon
        self.drawn.append(("label", text))

    def prop(self, data: Any, name: str, icon: str = "NONE", **options: Any) -> None:
        assert name in data.bl_rna.properties, f"{data} has no property '{name}'"
        assert icon in _ICONS, icon
        self.drawn.append(("prop", name))
        if self.use_property_split and self.use_property_decorate:
            self.decorated.append((data, name))

    def prop_enum(self, data: Any, name: str, value: str, icon: str = "NONE", **options: Any) -> None:
        assert value in data.bl_rna.properties[name].enum_items, f"{name} has no item '{value}'"
        assert icon in _ICONS, icon
        self.drawn.append(("prop_enum", f"{name}:{value}"))

    def operator(self, name: str, text: str | None = None, icon: str = "NONE", **options: Any) -> Any:
        category, _, function = name.partition(".")
        assert function in dir(getattr(bpy.ops, category)), f"there is no operator '{name}'"
        assert icon in _ICONS, icon
        rna = getattr(getattr(bpy.ops, category), function).get_rna_type()
        self.drawn.append(("operator", name))
        return _OperatorProperties(rna)

    def operator_menu_enum(self, name: str, choice: str, **options: Any) -> None:
        assert self.operator(name)._rna.properties[choice].type == "ENUM"

    def menu(self, name: str, **options: Any) -> None:
        assert hasattr(bpy.types, name), f"there is no menu '{name}'"
        self.drawn.append(("menu", name))

    def template_list(
        self, kind: str, name: str, data: Any, rows_name: str, active_data: Any, active_name: str, **options: Any
    ) -> None:
        assert data.bl_rna.properties[rows_name].type == "COLLECTION"
        assert active_data.bl_rna.properties[active_name].type == "INT"
        self.drawn.append(("list", rows_name))
        draw_item = getattr(bpy.types, kind).draw_item
        for row in getattr(data, rows_name):
            draw_item(None, bpy.context, self, data, row, 0, active_data, active_name)

    def popover(self, panel: str, icon: str = "NONE", **options: Any) -> None:
        assert hasattr(bpy.types, panel), f"there is no panel '{panel}'"
        assert icon in _ICONS, icon
        self.drawn.append(("popover", panel))

    def template_icon_view(self, data: Any, name: str, **options: Any) -> None:
        assert data.bl_rna.properties[name].type == "ENUM"
        self.drawn.append(("icon_view", name))

    def progress(self, text: str = "", factor: float = 0.0, type: str = "BAR", **options: Any) -> None:
        assert 0.0 <= factor <= 1.0
        self.drawn.append(("progress", text))

    def of(self, kind: str) -> list[str]:
        """Names of what was drawn of a kind."""
        return [name for drawn_kind, name in self.drawn if drawn_kind == kind]

    @property
    def text(self) -> str:
        """All labels, as one text."""
        return " ".join(self.of("label"))


class _OperatorProperties:
    def __init__(self, rna: Any) -> None:
        self.__dict__["_rna"] = rna

    def __setattr__(self, name: str, value: Any) -> None:
        prop = self._rna.properties.get(name)
        assert prop is not None, f"{self._rna.identifier} has no property '{name}'"
        if prop.type == "ENUM":
            chosen = value if prop.is_enum_flag else {value}
            assert set(chosen) <= set(prop.enum_items.keys()), value


def draw(panel: Any, context: Any = None) -> RecordingLayout:
    """Draw a panel, its header button included; empty if its poll refuses."""
    layout = RecordingLayout()
    context = context or bpy.context
    stand_in = SimpleNamespace(
        layout=layout, **{name: getattr(panel, name) for name in dir(panel) if _own(panel, name)}
    )
    if hasattr(panel, "poll") and not panel.poll(context):
        return layout
    if hasattr(panel, "draw_header"):
        panel.draw_header(stand_in, context)
    if hasattr(panel, "draw_header_preset"):
        panel.draw_header_preset(stand_in, context)
    panel.draw(stand_in, context)
    return layout


def _own(panel: Any, name: str) -> bool:
    return (
        not name.startswith("__")
        and name not in {"layout", "draw", "bl_rna", "rna_type"}
        and any(name in base.__dict__ for base in panel.__mro__ if base.__module__.startswith("bl_ext."))
    )
