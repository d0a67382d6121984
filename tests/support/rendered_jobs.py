# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs jobs without a worker: frames are numbered pictures, so that a render of the edit tells which frame it shows."""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import dataclass
from typing import Any

import installed_extension
import numbered
import sequencer

FIRST_NUMBER = 128
PLACEHOLDER = "f" * 32 + ".png"
PLACEHOLDER_NUMBER = 127


def core(name: str) -> Any:
    """A module of the extension's core, such as ``results``."""
    return importlib.import_module(f"{installed_extension.MODULE}.blender_talkinghead.{name}")


def shared(name: str) -> Any:
    """A module of the pure part of ``inference``."""
    return importlib.import_module(f"{installed_extension.MODULE}.inference.{name}")


def number_of(content_frame: int) -> int:
    """The number on the frame that shows a content frame."""
    return FIRST_NUMBER + content_frame % 100


@dataclass
class Rendered:
    """A finished job: what was prepared, its frame files and the name of the result strip."""

    prepared: Any
    files: list[str]
    result: str | None

    @property
    def strip(self) -> Any:
        return sequencer.all_strips()[self.result]


def plan(prepared: Any) -> list[str]:
    """Frame file names by content, as the worker plans them; writes the placeholder and saves the job."""
    job_data = prepared.job
    core("strips.folders").ensure(prepared.folder)
    numbered.write_png(prepared.folder / PLACEHOLDER, numbered.picture(PLACEHOLDER_NUMBER))
    files = []
    for index, picture in enumerate(job_data.pictures):
        pose = job_data.performance.values[index].round(6).tobytes()
        content = f"{job_data.source.files[0]} {picture} {prepared.content_first + index}".encode() + pose
        files.append(hashlib.blake2b(content, digest_size=16).hexdigest() + ".png")
    jobs = shared("job")
    jobs.save(job_data.with_frame_files(files), jobs.job_path(prepared.folder, job_data.id))
    return files


def write_frame(prepared: Any, files: list[str], index: int) -> None:
    """Write the numbered frame of a job."""
    number = number_of(prepared.content_first + index)
    numbered.write_png(prepared.folder / files[index], numbered.picture(number))


def render(scene: Any, strip: Any, range_mode: str = "STRIP") -> Rendered:
    """Prepare and run a whole job."""
    return run(core("jobs.builder").prepare(scene, strip, range_mode))


def run(prepared: Any) -> Rendered:
    """Run a prepared job as a worker would."""
    results = core("strips.results")
    files = plan(prepared)
    results.show_plan(prepared, files, PLACEHOLDER)
    for index in range(len(files)):
        write_frame(prepared, files, index)
        results.show_frames(prepared, {index: files[index]})
    return Rendered(prepared, files, results.finish(prepared))
