# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every operator must have, and what the simple ones do."""

from __future__ import annotations

import bpy


def operator_names():
    return sorted(dir(bpy.ops.talkinghead))


def operator_class(name):
    return getattr(bpy.types, f"TALKINGHEAD_OT_{name}")


def test_there_are_operators():
    assert {"animate_portrait", "render_frames", "preview_frame", "cancel", "clean_up"} <= set(operator_names())


def test_every_operator_has_a_label_a_tooltip_and_a_poll():
    for name in operator_names():
        rna = getattr(bpy.ops.talkinghead, name).get_rna_type()
        assert rna.name.istitle() or rna.name == "Rebuild from Job File", name
        assert len(rna.description) > 20, name
        assert not rna.description.endswith("."), name
        assert hasattr(operator_class(name), "poll"), name


def test_every_property_of_an_operator_is_described():
    inherited = {"filepath", "check_existing", "filter_glob", "then", "rna_type"}
    for name in operator_names():
        for prop in getattr(bpy.ops.talkinghead, name).get_rna_type().properties:
            if prop.identifier not in inherited:
                assert prop.description, f"{name}.{prop.identifier}"
