# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one job at a time, a step a call; live state that survives undo because no .blend file holds it. No bpy here.

A job is a generator of states. A timer drives it in the GUI, a loop in background; both are the same to the job.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from enum import Enum

from ...inference.errors import Action, ErrorCode, TalkingHeadError

_LOGGER = logging.getLogger(__name__)


class Phase(str, Enum):
    """How far a job is."""

    PREPARING = "preparing"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class JobState:
    """What the panel shows of a job.

    Attributes:
        title: what the user asked for.
        text: what happens now, or how it ended.
        done, total: frames, or steps of drawing; total 0 means that there is no count.
        fraction: 0 to 1 for jobs without a count.
        eta_s: seconds left, or None while unknown.
        warnings: sentences that stay after the end.
        error: why it failed.
        in_steps: steps are counted instead of frames.
        work: what there is to be done, as a sentence that stays while it is done; "" for none.
    """

    title: str
    phase: Phase = Phase.PREPARING
    text: str = ""
    done: int = 0
    total: int = 0
    fraction: float = 0.0
    eta_s: float | None = None
    warnings: tuple[str, ...] = ()
    error: TalkingHeadError | None = None
    in_steps: bool = False
    work: str = ""

    @property
    def progress(self) -> float:
        """0 to 1."""
        return self.done / self.total if self.total else self.fraction

    @property
    def line(self) -> str:
        """One line for a progress bar."""
        parts = [self.text]
        if self.done and self.total and self.phase is Phase.RUNNING:
            parts = [f"{self.done} of {frames_text(self.total)}"]
            if self.in_steps:
                parts = [self.text, f"step {self.done} of {self.total}"]
            if self.eta_s is not None and self.done < self.total:
                parts.append(f"{duration_text(self.eta_s)} left")
        return ", ".join(part for part in parts if part) or "Starting"


@dataclass
class JobControl:
    """What drives a job tells it.

    Attributes:
        wait_s: how long a step may wait for the worker; 0 in the GUI.
        budget_s: how long a step may work through what has arrived.
        cancelled: the job is to end soon.
    """

    wait_s: float = 0.0
    budget_s: float = 0.05
    cancelled: bool = False

    def check(self) -> None:
        """Raises TalkingHeadError (CANCELLED) once the job is to end."""
        if self.cancelled:
            raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")


JobSteps = Generator[JobState, None, None]
JobMaker = Callable[[JobControl], JobSteps]


@dataclass
class Runner:
    """The job that runs and what is known of the last one."""

    state: JobState | None = None
    _steps: JobSteps | None = None
    _control: JobControl = field(default_factory=JobControl)

    @property
    def running(self) -> bool:
        """Whether a job runs."""
        return self._steps is not None

    @property
    def cancelling(self) -> bool:
        """Whether the running job was asked to end."""
        return self.running and self._control.cancelled

    def start(self, title: str, make: JobMaker, wait_s: float = 0.0) -> None:
        """Begin a job.

        Raises:
            TalkingHeadError: INVALID_REQUEST while another one runs.
        """
        if self.running:
            raise TalkingHeadError(
                ErrorCode.INVALID_REQUEST, "Another Talking Head job runs.", "Wait for it, or cancel it."
            )
        self.state = JobState(title)
        self._control = JobControl(wait_s)
        self._steps = make(self._control)

    def step(self) -> None:
        """Drive the job a little further; its failure becomes its last state."""
        if self._steps is None:
            return
        try:
            self.state = next(self._steps)
        except StopIteration:
            self._steps = None
        except TalkingHeadError as error:
            self._failed(error)
        except Exception as error:  # a defect must not leave a job that never ends
            _LOGGER.exception("a job failed")
            details = traceback.format_exc()
            self._failed(
                TalkingHeadError(
                    ErrorCode.INTERNAL,
                    f"Talking Head made a mistake: {error}.",
                    "Copy the report and tell the developers.",
                    Action.SHOW_LOG,
                    details,
                )
            )

    def cancel(self) -> None:
        """Ask the running job to end; it goes on stepping until it has."""
        self._control.cancelled = True

    def drop(self, reason: str) -> None:
        """End the running job at once, without it touching anything any more."""
        steps, self._steps = self._steps, None
        if steps is not None and self.state is not None:
            steps.close()
            self.state = replace(self.state, phase=Phase.CANCELLED, text=reason)

    def forget(self) -> None:
        """Forget how the last job ended."""
        if not self.running:
            self.state = None

    def _failed(self, error: TalkingHeadError) -> None:
        self._steps = None
        assert self.state
        cancelled = error.code is ErrorCode.CANCELLED
        self.state = replace(
            self.state,
            phase=Phase.CANCELLED if cancelled else Phase.FAILED,
            text=error.message,
            error=None if cancelled else error,
            eta_s=None,
        )


def frames_text(count: int) -> str:
    """A number of frames in words."""
    return "1 frame" if count == 1 else f"{count} frames"


def duration_text(seconds: float) -> str:
    """A duration in words for people, such as "35 s", "4 min" or "2 h 05 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
