# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Setting the worker's environment up and adding optional packages to it, as jobs."""

from collections.abc import Generator, Mapping

from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.weights.catalogue import weight_file
from ..jobs.runner import JobControl, JobState, JobSteps, Phase
from . import environment, environment_setup, graphics, optional_tier, worker
from .optional_tier import NEURAL, SPEECH
from .setup_steps import Plan, Steps

TITLE = "Set Up Worker"
SPEECH_TITLE = "Install English Speech Timing"
NEURAL_TITLE = "Install Neural Engines"
DEVICE_TITLE = "Check Device"
TITLES = frozenset({TITLE, SPEECH_TITLE, NEURAL_TITLE, DEVICE_TITLE})


def announcement() -> tuple[str, ...]:
    """What set-up will do, for the user to agree to."""
    plan = worker.setup_plan()
    weights = [weight_file(name) for name in environment_setup.missing_weights(plan)]
    lines = [f"A Python environment is made in {plan.places.user}."]
    if environment.has_bundle(plan.places):
        lines.append("Its packages come with the add-on; nothing is downloaded for them.")
    else:
        lines.append("Its packages are downloaded from the Python package index (about 180 MB, 400 MB on disk):")
        requirements = plan.places.requirements(plan.tier).read_text(encoding="utf-8").splitlines()
        lines.append("    " + ", ".join(line for line in requirements if line and not line.startswith("#")))
    if weights:
        total_mb = sum(file.size for file in weights) / 1e6
        names = ", ".join(f"{file.file_name} ({file.licence})" for file in weights)
        lines.append(f"The face models are downloaded ({total_mb:.0f} MB): {names}.")
    lines.append("Nothing is installed into Blender's own Python.")
    return tuple(lines)


def speech_announcement() -> tuple[str, ...]:
    """What adding English speech timing will do, for the user to agree to."""
    where = worker.places()
    packages = ", ".join(environment.pinned(where.requirements(SPEECH.name)))
    return (
        f"Packages are downloaded from the Python package index (about {SPEECH.download_mb} MB, "
        f"{SPEECH.disk_mb} MB on disk): {packages}.",
        f"They go into the worker's environment in {where.user}.",
        "Nothing is installed into Blender's own Python.",
    )


def neural_announcement(plan: Plan) -> tuple[str, ...]:
    """What adding PyTorch will do, for the user to agree to."""
    assert plan.build
    packages = plan.build.requirements(environment.pinned(plan.places.requirements(plan.tier)))
    return (
        f"PyTorch is installed for: {plan.build.label}. Graphics Card in the add-on's preferences changes that.",
        f"Downloaded from {plan.build.source}: {plan.build.size_text}:",
        f"    {', '.join(packages)}, and what these need.",
        f"They go into the worker's environment in {plan.places.user}.",
        "The card is asked before anything is downloaded; for an older one it may be another build.",
        "Models are got separately. Nothing is installed into Blender's own Python.",
    )


def check_neural() -> None:
    """Raises TalkingHeadError (ENVIRONMENT_BROKEN) where PyTorch cannot be added to the worker's environment."""
    optional_tier.check_base(worker.places(), NEURAL)


def check_needed() -> None:
    """Raises TalkingHeadError (INVALID_REQUEST) when the user named the worker's Python."""
    if worker.is_named():
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "The worker's Python was named by you, so there is nothing to set up.",
            "Clear Worker Python in the add-on's preferences to let the add-on make its own.",
        )


def set_up(control: JobControl) -> JobSteps:
    """Make the environment, or make it anew, and have the worker say hello.

    Raises:
        TalkingHeadError: why it failed; CANCELLED. Nothing is left half made.
    """
    check_needed()
    yield from _follow(TITLE, environment_setup.set_up(worker.setup_plan()), "The worker is set up", control)


def install_speech(control: JobControl) -> JobSteps:
    """Add English speech timing to the environment and have the worker, started again, say hello.

    Raises:
        TalkingHeadError: why it failed; CANCELLED. The environment is then as it was, without the optional packages.
    """
    if worker.is_named():
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "The worker's Python was named by you, so nothing is installed into it.",
            f"Install it there yourself: {worker.speech_command()}",
        )
    steps = optional_tier.install(worker.setup_plan(SPEECH.name))
    yield from _follow(SPEECH_TITLE, steps, f"{SPEECH.label} is installed", control)


def install_neural(control: JobControl) -> JobSteps:
    """Add PyTorch to the environment and have the worker, started again, say what it computes on.

    Raises:
        TalkingHeadError: why it failed; CANCELLED. The environment is then as it was, without PyTorch.
    """
    if worker.is_named():
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "The worker's Python was named by you, so nothing is installed into it.",
            f"Install it there yourself: {worker.neural_command()}",
        )
    for _ in graphics.look():
        control.check()
        yield JobState(NEURAL_TITLE, Phase.RUNNING, "Looking for a graphics card")
    plan = worker.setup_plan(NEURAL.name)
    yield from _follow(NEURAL_TITLE, optional_tier.install(plan), f"{NEURAL.label} is installed", control, device=True)


def check_device(control: JobControl) -> JobSteps:
    """Have the worker say what neural engines compute on.

    Raises:
        TalkingHeadError: why the chosen device cannot be used; CANCELLED.
    """
    yield JobState(DEVICE_TITLE, Phase.RUNNING, "Asking PyTorch")
    fields = yield from _ask("devices", DEVICE_TITLE, "Asking PyTorch", control)
    info = worker.note_device(fields)
    yield JobState(DEVICE_TITLE, Phase.DONE, info.line, fraction=1.0, warnings=tuple(filter(None, [info.warning])))


def _follow(title: str, steps: Steps, done: str, control: JobControl, device: bool = False) -> JobSteps:
    """Stop the worker, show a set-up's progress, start the worker again.

    Args:
        device: whether it is asked what it computes on.
    """
    worker.stop()
    warnings: tuple[str, ...] = ()
    try:
        for progress in steps:
            control.check()
            warnings = progress.warnings
            yield JobState(title, Phase.RUNNING, progress.text, fraction=progress.fraction)
    finally:
        steps.close()
        worker.refresh()
    worker.client().forgive()
    fields = yield from _ask("devices" if device else "ping", title, "Starting the worker", control)
    if device:
        info = worker.note_device(fields)
        done = f"{done}. {info.line}"
        warnings += (info.warning,) if info.warning else ()
    yield JobState(title, Phase.DONE, done, fraction=1.0, warnings=warnings)


def _ask(type_: str, title: str, text: str, control: JobControl) -> Generator[JobState, None, Mapping[str, object]]:
    """Send the worker a request without fields; the fields of its answer."""
    request = worker.client().submit(type_)
    while request.open:
        control.check()
        worker.client().pump(control.wait_s)
        yield JobState(title, Phase.RUNNING, text, fraction=0.99)
    return request.result().fields
