# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""For engines that redraw: another drawing, and a part of the film before all of it."""

import random
from dataclasses import replace
from typing import Any

import bpy

from ..blender_talkinghead import properties
from ..blender_talkinghead.jobs import jobs, render_queue
from ..blender_talkinghead.jobs.job_steps import Target
from ..blender_talkinghead.jobs.queue import Entry
from ..blender_talkinghead.jobs.runner import JobMaker
from ..inference.engines import description_of
from ..inference.engines.common_settings import SEED
from . import base


def _no_film(context: Any) -> str:
    engine = description_of(properties.source_of_active(context).th_engine)
    return "" if engine.film is not None else f"{engine.label} draws frame by frame; Render Frames shows each at once"


def _no_seed(context: Any) -> str:
    engine = description_of(properties.source_of_active(context).th_engine)
    return "" if SEED in engine.settings else f"{engine.label} always draws the same, so it has no seed"


class TALKINGHEAD_OT_render_first_section(base.JobOperator, bpy.types.Operator):
    """Draw the first section of the film only, to see whether seed, prompt and settings are right"""

    bl_idname = "talkinghead.render_first_section"
    bl_label = "Render First Section"
    needs_consent = True

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.blender_renders, base.no_source, _no_film)

    def job(self, context: Any) -> tuple[str, JobMaker]:
        target = _target(context)
        return jobs.RENDER_TITLE, lambda control: jobs.render(target, control)

    def queue(self, context: Any) -> Entry:
        return render_queue.add(_target(context))


class TALKINGHEAD_OT_new_seed(bpy.types.Operator):
    """Set the seed to a random number, for another drawing of the same performance"""

    bl_idname = "talkinghead.new_seed"
    bl_label = "New Seed"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.no_strip, _no_seed)

    def execute(self, context: Any) -> set[str]:
        source = properties.source_of_active(context)
        name = properties.setting_property(source.th_engine, SEED.name)
        # Blender's numbers can be typed and read aloud up to this; each is another drawing.
        setattr(source, name, random.SystemRandom().randrange(1, 1_000_000))
        return {"FINISHED"}


def _target(context: Any) -> Target:
    return replace(base.active_target(context), first_section=True)


register, unregister = bpy.utils.register_classes_factory(
    (TALKINGHEAD_OT_render_first_section, TALKINGHEAD_OT_new_seed)
)
