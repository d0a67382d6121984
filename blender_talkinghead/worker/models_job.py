# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Getting models, as a job, and what the user is told before."""

import os
from urllib.parse import urlsplit

import bpy

from ...inference.weights.catalogue import UrlSource, WeightFile
from ..jobs.runner import JobControl, JobState, JobSteps, Phase
from . import models, models_setup, worker
from .models_setup import ModelsPlan

TITLE = "Get Models"


def announcement(name: str) -> tuple[str, ...]:
    """What getting a set will do, for the user to agree to. Cheap enough for drawing."""
    state = models.state_of_set(name)
    lines = [f"{refused.path} cannot be used: {refused.reason}." for refused in state.found.refused]
    if state.present:
        folders = dict.fromkeys(str(path.parent) for path in state.found.paths.values())
        return (*lines, f"{state.weights.label}: all files are there.", *(f"    {folder}" for folder in folders))
    count = len(state.missing)
    files = "1 file is" if count == 1 else f"{count} files are"
    lines.append(f"{state.weights.label}: {files} downloaded, {state.size_mb:.0f} MB.")
    lines += [f"    {_described(file)}" for file in state.missing]
    lines += dict.fromkeys(f"{file.licence}: {file.licence_note}." for file in state.missing)
    lines.append(f"They go into {worker.places().weights}. Remove Worker deletes them.")
    if kept := len(state.found.paths):
        lines.append(f"{kept} of the set's files {'is' if kept == 1 else 'are'} there already.")
    lines.append("If another program has them, such as ComfyUI, name its folder instead.")
    return tuple(lines)


def _described(file: WeightFile) -> str:
    about = "" if file.exact_size else "about "
    return f"{file.file_name}: {about}{file.size / 1e6:.1f} MB, {file.licence}, from {_origin(file)}"


def _origin(file: WeightFile) -> str:
    """Server and owner, such as "huggingface.co/KlingTeam/LivePortrait"."""
    source = file.sources[0]
    if not isinstance(source, UrlSource):
        return "the Python package index"
    address = urlsplit(source.url)
    return address.netloc + "/".join(address.path.split("/")[:3])


def get_models(name: str, control: JobControl) -> JobSteps:
    """Download what is missing of a set of models and verify all of it.

    Raises:
        TalkingHeadError: why it failed; CANCELLED. What has arrived is kept.
    """
    yield JobState(TITLE, text="Looking for models")
    models.forget()
    steps = models_setup.get(_plan(name))
    try:
        for progress in steps:
            control.check()
            yield JobState(TITLE, Phase.RUNNING, progress.text, fraction=progress.fraction)
    finally:
        steps.close()
        models.forget()
    yield JobState(TITLE, Phase.DONE, models.state_of_set(name).text, fraction=1.0)


def _plan(name: str) -> ModelsPlan:
    return ModelsPlan(
        places=worker.places(),
        python=worker.interpreter(),
        weights=name,
        missing=models.state_of_set(name).missing,
        search=models.folders(),
        online=bpy.app.online_access,
        offline_hint=worker.offline_hint(full_package=False),
        variables=dict(os.environ),
    )
