# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Setting the worker up, repairing and removing it, and looking at what it wrote."""

from typing import Any

import bpy
from bpy.props import IntProperty

from ..blender_talkinghead.jobs import report, service
from ..blender_talkinghead.jobs.runner import JobMaker
from ..blender_talkinghead.worker import environment_setup, memory, models, setup_job, worker
from ..blender_talkinghead.worker.optional_tier import NEURAL
from ..blender_talkinghead.worker.process import log_tail
from ..inference.errors import TalkingHeadError
from . import base

LOG_NAME = "Talking Head Log"
_LOG_LINES = 400


def _named(context: Any) -> str:
    return "You named the worker's Python in the preferences or by TALKINGHEAD_PYTHON" if worker.is_named() else ""


def _speech_is_yours(context: Any) -> str:
    if not worker.is_named():
        return ""
    return f"You named the worker's Python, so install it there yourself: {worker.speech_command()}"


def _neural_is_yours(context: Any) -> str:
    if not worker.is_named():
        return ""
    return f"You named the worker's Python, so install it there yourself: {worker.neural_command()}"


def _diffusion_is_yours(context: Any) -> str:
    if not worker.is_named():
        return ""
    return f"You named the worker's Python, so install it there yourself: {worker.diffusion_command()}"


class _SetUp(base.JobOperator):
    """What says first what it installs: the two ways of setting the worker up differ in their words only."""

    layout: Any  # Blender's, while it draws
    about_strip = False

    def announcement(self) -> tuple[str, ...]:
        """What is going to be done."""
        return setup_job.announcement()

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.set_up_queued, _named)

    def invoke(self, context: Any, event: Any) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        self.lines = self.announcement()
        return context.window_manager.invoke_props_dialog(self, width=560)

    def draw(self, context: Any) -> None:
        column = self.layout.column(align=True)
        for line in self.lines:
            column.label(text=line)

    def execute(self, context: Any) -> set[str]:
        # The dialog's OK comes here as well; only then is there a window to run behind.
        return super().execute(context) if bpy.app.background else self.start(context)

    def job(self, context: Any) -> tuple[str, JobMaker]:
        return setup_job.TITLE, setup_job.set_up


class TALKINGHEAD_OT_set_up_worker(_SetUp, bpy.types.Operator):
    """Make the worker's own Python environment; says first what is downloaded and where it goes"""

    bl_idname = "talkinghead.set_up_worker"
    bl_label = "Set Up Worker"


class TALKINGHEAD_OT_repair_worker(_SetUp, bpy.types.Operator):
    """Make the worker's environment anew; the present one stays until the new one works"""

    bl_idname = "talkinghead.repair_worker"
    bl_label = "Repair Worker"


class TALKINGHEAD_OT_install_speech(_SetUp, bpy.types.Operator):
    """Add the packages with which a typed English transcript is followed sound by sound"""

    bl_idname = "talkinghead.install_speech"
    bl_label = setup_job.SPEECH_TITLE

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.set_up_queued, _speech_is_yours, base.worker_not_ready)

    def announcement(self) -> tuple[str, ...]:
        return setup_job.speech_announcement()

    def job(self, context: Any) -> tuple[str, JobMaker]:
        return setup_job.SPEECH_TITLE, setup_job.install_speech


class TALKINGHEAD_OT_install_neural(_SetUp, bpy.types.Operator):
    """Add PyTorch, which neural engines need; says first what is downloaded, from where and how much"""

    bl_idname = "talkinghead.install_neural"
    bl_label = setup_job.NEURAL_TITLE

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.set_up_queued, _neural_is_yours, base.worker_not_ready)

    def invoke(self, context: Any, event: Any) -> set[str]:
        try:
            setup_job.check_neural()
            return super().invoke(context, event)
        except TalkingHeadError as error:  # no build of PyTorch fits this computer
            return base.report_error(self, error)

    def announcement(self) -> tuple[str, ...]:
        return setup_job.neural_announcement(worker.setup_plan(NEURAL.name, at_a_glance=True))

    def job(self, context: Any) -> tuple[str, JobMaker]:
        return setup_job.NEURAL_TITLE, setup_job.install_neural


class TALKINGHEAD_OT_install_diffusion(_SetUp, bpy.types.Operator):
    """Add what HelloMeme and X-Portrait need, PyTorch included; says first what is downloaded, and how much"""

    bl_idname = "talkinghead.install_diffusion"
    bl_label = setup_job.DIFFUSION_TITLE

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.set_up_queued, _diffusion_is_yours, base.worker_not_ready)

    def invoke(self, context: Any, event: Any) -> set[str]:
        try:
            setup_job.check_neural()
            return super().invoke(context, event)
        except TalkingHeadError as error:  # no build of PyTorch fits this computer
            return base.report_error(self, error)

    def announcement(self) -> tuple[str, ...]:
        first = setup_job.torch_comes_first()
        return setup_job.diffusion_announcement(worker.setup_plan(NEURAL.name, at_a_glance=True) if first else None)

    def job(self, context: Any) -> tuple[str, JobMaker]:
        return setup_job.DIFFUSION_TITLE, setup_job.install_diffusion


class TALKINGHEAD_OT_check_device(base.JobOperator, bpy.types.Operator):
    """Ask PyTorch which graphics card neural engines compute on; it takes some seconds to start"""

    bl_idname = "talkinghead.check_device"
    bl_label = setup_job.DEVICE_TITLE
    about_strip = False

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.set_up_queued, base.worker_not_ready)

    def job(self, context: Any) -> tuple[str, JobMaker]:
        return setup_job.DEVICE_TITLE, setup_job.check_device


def _nothing_held(context: Any) -> str:
    return "" if worker.running_client() else "The worker does not run, so it holds nothing"


class TALKINGHEAD_OT_free_memory(bpy.types.Operator):
    """Have the worker free the engines it keeps in memory; they are loaded again when they are needed"""

    bl_idname = "talkinghead.free_memory"
    bl_label = "Free Memory"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.job_runs, _nothing_held)

    def execute(self, context: Any) -> set[str]:
        try:
            freed = memory.free()
        except TalkingHeadError as error:
            return base.report_error(self, error)
        service.redraw()
        self.report({"INFO"}, f"Freed: {freed}" if freed else "No engine was in memory")
        return {"FINISHED"}


class TALKINGHEAD_OT_remove_worker(bpy.types.Operator):
    """Delete the worker's environment and the models it downloaded; rendered frames and your folders stay"""

    bl_idname = "talkinghead.remove_worker"
    bl_label = "Remove Worker"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context, base.job_runs)

    def invoke(self, context: Any, event: Any) -> set[str]:
        size_mb = environment_setup.size_bytes(worker.places()) / 1e6
        message = (
            f"This frees {size_mb:.0f} MB, downloaded models among them. Rendered frames and your own folders stay."
        )
        return context.window_manager.invoke_confirm(self, event, title="Remove Worker", message=message)

    def execute(self, context: Any) -> set[str]:
        worker.stop()
        try:
            environment_setup.remove(worker.places())
        except TalkingHeadError as error:
            return base.report_error(self, error)
        finally:
            worker.refresh()
            models.forget()
        service.redraw()
        self.report({"INFO"}, "The worker was removed")
        return {"FINISHED"}


class TALKINGHEAD_OT_show_log(bpy.types.Operator):
    """Open the last lines of the worker's log in a text editor"""

    bl_idname = "talkinghead.show_log"
    bl_label = "Show Log"

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context)

    def execute(self, context: Any) -> set[str]:
        where = worker.places()
        logs = (where.setup_log, where.worker_log)
        parts = [f"{log.name}\n\n{log_tail(log, _LOG_LINES) or 'Nothing was written yet.'}\n" for log in logs]
        text = bpy.data.texts.get(LOG_NAME) or bpy.data.texts.new(LOG_NAME)
        text.from_string("\n".join(parts))
        if not bpy.app.background:
            bpy.ops.wm.window_new()
            area = context.window_manager.windows[-1].screen.areas[0]
            area.type = "TEXT_EDITOR"
            area.spaces.active.text = text
        return {"FINISHED"}


class TALKINGHEAD_OT_copy_report(bpy.types.Operator):
    """Copy versions, the last error and the logs to the clipboard, without your user name"""

    bl_idname = "talkinghead.copy_report"
    bl_label = "Copy Report"

    entry: IntProperty(
        name="Entry", description="Number of the job in the queue, 0 for the last job", options={"HIDDEN", "SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return base.allow(cls, context)

    def execute(self, context: Any) -> set[str]:
        entry = service.queue.find(self.entry)
        context.window_manager.clipboard = report.text(entry.job if entry else None)
        self.report({"INFO"}, "The report is on the clipboard")
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (
        TALKINGHEAD_OT_set_up_worker,
        TALKINGHEAD_OT_repair_worker,
        TALKINGHEAD_OT_install_speech,
        TALKINGHEAD_OT_install_neural,
        TALKINGHEAD_OT_install_diffusion,
        TALKINGHEAD_OT_check_device,
        TALKINGHEAD_OT_free_memory,
        TALKINGHEAD_OT_remove_worker,
        TALKINGHEAD_OT_show_log,
        TALKINGHEAD_OT_copy_report,
    )
)
