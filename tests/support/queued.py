# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs in the queue, driven as the timer drives them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import installed_extension
import talking


def three_portraits(picture: Path) -> None:
    """Animate three portraits that move, A to C; C begins first."""
    for channel, (name, start) in enumerate((("A", 20), ("B", 40), ("C", 1))):
        strip = talking.animated(picture, name, length=6, channel=1 + 2 * channel)
        compat = talking.core("compat")
        for moved in (strip, talking.result_of(strip)):
            compat.set_content_start(moved, start)
        talking.key(strip, "mouth_smile", start, 0.1)
        talking.key(strip, "mouth_smile", start + 5, 0.2 + 0.1 * channel)


def strip_named(name: str) -> Any:
    """A strip of the scene by its name."""
    return talking.core("compat").strip_named(bpy.context.scene, name)


def queue_render(name: str, at_end: Any = None, range_mode: str = "STRIP") -> Any:
    """Queue the render of a portrait, as Render Frames does in the GUI; its entry."""
    target = talking.core("jobs.jobs").Target(bpy.context.scene.name, name, range_mode)
    return talking.core("jobs.render_queue").add(target, at_end)


def rows() -> list[tuple[str, str]]:
    """Strip and state of every entry."""
    service = talking.core("jobs.service")
    return [(entry.strip, entry.state.value) for entry in service.queue.entries]


def tick_until(reached: Callable[[], Any], limit: int = 20_000) -> None:
    """Let the timer tick until something is so."""
    service = talking.core("jobs.service")
    for _ in range(limit):
        if service.runner.running:
            service.runner._control.wait_s = 0.02
        service.tick()
        if reached():
            return
    raise AssertionError(f"it never got there: {rows()} {service.runner.state}")


def tick_to_end() -> None:
    """Let the timer tick until nothing runs or waits."""
    service = talking.core("jobs.service")
    tick_until(lambda: not service.runner.running and not service.queue.waiting)


def waiting_job(title: str = "Wait") -> tuple[str, Any]:
    """Title and maker of a job that runs until it is canceled."""
    states = talking.core("jobs.runner")

    def steps(control):
        while True:
            control.check()
            yield states.JobState(title, states.Phase.RUNNING, "Waiting", fraction=0.5)

    return title, steps


def sidecar(saved_file: Path) -> Path:
    """The file beside a .blend file that keeps its queue."""
    return saved_file.parent / "talkinghead" / f"{saved_file.name}.queue.json"


def kept_strips(saved_file: Path) -> list[str]:
    """The strips whose renders are kept beside a .blend file."""
    return [render["strip"] for render in json.loads(sidecar(saved_file).read_text(encoding="utf-8"))["renders"]]


def operators(name: str) -> Any:
    """A module of the extension's operators."""
    return importlib.import_module(f"{installed_extension.MODULE}.operators.{name}")


def stand_in(operator: Any, **values: Any) -> Any:
    """An operator that Blender did not make: its Python part alone."""
    reports: list[tuple[str, str]] = []
    methods = {name: member for base in reversed(operator.__mro__[:-1]) for name, member in vars(base).items()}
    names = ("start", "queue", "job", "_targets", "about_strip", "needs_consent")
    kind = type("StandIn", (), {name: methods[name] for name in names if name in methods})
    made: Any = kind()
    made.reports, made.report = reports, lambda level, text: reports.append((next(iter(level)), text))
    for name, value in values.items():
        setattr(made, name, value)
    return made
