# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What commands tell on standard error while they work."""

from __future__ import annotations

import sys
from collections.abc import Mapping


def show_progress(type_: str, payload: bytes = b"", **fields: object) -> None:
    """Sends messages of a task to a terminal: what a film will take, and progress on one line.

    Progress is left out where standard error is a file.
    """
    estimate = fields.get("estimate")
    if type_ == "plan" and isinstance(estimate, Mapping) and estimate["passes"]:
        print(_estimate_line(estimate), file=sys.stderr, flush=True)
    if type_ == "progress" and sys.stderr.isatty():
        _show_progress(fields)


def _show_progress(fields: Mapping[str, object]) -> None:
    eta = "" if fields["eta_s"] is None else f", {_duration(float(str(fields['eta_s'])))} left"
    unit = f" {fields['unit']}" if "unit" in fields else ""
    end = "\n" if not unit and fields["done"] and fields["done"] == fields["total"] else ""
    line = f"{fields['stage']}: {fields['done']}/{fields['total']}{unit}{eta}"
    print(f"\r{line}\x1b[K", end=end, file=sys.stderr, flush=True)


def _estimate_line(estimate: Mapping[str, object]) -> str:
    sections = "1 section" if estimate["sections"] == 1 else f"{estimate['sections']} sections"
    seconds = estimate["seconds"]
    time = "time not known yet on this computer" if seconds is None else f"about {_duration(float(str(seconds)))}"
    memory_gb = int(str(estimate["memory_mb"])) / 1000
    return f"to draw: {sections}, {estimate['passes']:,} refinements of single frames; {memory_gb:.1f} GB; {time}"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
