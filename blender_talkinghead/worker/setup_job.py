# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Setting the worker's environment up and adding optional packages to it, as jobs."""

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import replace

from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.weights.catalogue import weight_file
from ..jobs.runner import JobControl, JobState, JobSteps, Phase
from . import environment, environment_setup, graphics, optional_tier, worker
from .environment import State
from .optional_tier import DIFFUSION, NEURAL, SPEECH
from .setup_steps import Plan, Steps

TITLE = "Set Up Worker"
SPEECH_TITLE = "Install English Speech Timing"
NEURAL_TITLE = "Install Neural Engines"
DIFFUSION_TITLE = "Install Redrawing Engines"
DEVICE_TITLE = "Check Device"
TITLES = frozenset({TITLE, SPEECH_TITLE, NEURAL_TITLE, DIFFUSION_TITLE, DEVICE_TITLE})
# How much of installing the redrawing engines is PyTorch, where that comes first.
_TORCH_PART = 0.8


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


def diffusion_announcement(plan: Plan | None) -> tuple[str, ...]:
    """What adding the packages of engines that redraw will do, for the user to agree to.

    Args:
        plan: of PyTorch, where that is installed first; None where it is there.
    """
    where = worker.places()
    packages = ", ".join(environment.pinned(where.requirements(DIFFUSION.name)))
    lines = (
        f"Packages are downloaded from the Python package index (about {DIFFUSION.download_mb} MB, "
        f"{DIFFUSION.disk_mb} MB on disk):",
        f"    {packages}, and what these need.",
    )
    if plan is not None:
        return (*neural_announcement(plan)[:-1], *lines, neural_announcement(plan)[-1])
    return (
        *lines,
        f"They go into the worker's environment in {where.user}. PyTorch stays as it is.",
        "Models are got separately. Nothing is installed into Blender's own Python.",
    )


def torch_comes_first() -> bool:
    """Whether PyTorch must be installed before the packages of engines that redraw."""
    return worker.neural_state() is not State.READY


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
    _check_not_named(worker.speech_command())
    steps = optional_tier.install(worker.setup_plan(SPEECH.name))
    yield from _follow(SPEECH_TITLE, steps, f"{SPEECH.label} is installed", control)


def install_neural(control: JobControl) -> JobSteps:
    """Add PyTorch to the environment and have the worker, started again, say what it computes on.

    Raises:
        TalkingHeadError: why it failed; CANCELLED. The environment is then as it was, without PyTorch.
    """
    _check_not_named(worker.neural_command())
    yield from _look_for_cards(NEURAL_TITLE, control)
    plan = worker.setup_plan(NEURAL.name)
    yield from _follow(NEURAL_TITLE, optional_tier.install(plan), f"{NEURAL.label} is installed", control, device=True)


def install_diffusion(control: JobControl) -> JobSteps:
    """Add what engines that redraw need to the environment, PyTorch first where it is missing; then as above.

    Raises:
        TalkingHeadError: why it failed; CANCELLED. What was installed until then stays.
    """
    _check_not_named(worker.diffusion_command())
    first = None
    if torch_comes_first():
        yield from _look_for_cards(DIFFUSION_TITLE, control)
        first = worker.setup_plan(NEURAL.name)
    steps = _diffusion_steps(first, worker.setup_plan(DIFFUSION.name))
    yield from _follow(DIFFUSION_TITLE, steps, f"{DIFFUSION.label} is installed", control, device=True)


def _diffusion_steps(first: Plan | None, plan: Plan) -> Steps:
    """Both installations, one after the other; how far they are together."""
    begin = 0.0 if first is None else _TORCH_PART
    parts = [(plan, begin, 1.0)] if first is None else [(first, 0.0, begin), (plan, begin, 1.0)]
    for part, start, end in parts:
        with closing(optional_tier.install(part)) as steps:
            for progress in steps:
                yield replace(progress, fraction=start + (end - start) * progress.fraction)


def _check_not_named(command: str) -> None:
    """Raises TalkingHeadError (INVALID_REQUEST) when the user named the worker's Python: theirs is theirs."""
    if worker.is_named():
        raise TalkingHeadError(
            ErrorCode.INVALID_REQUEST,
            "The worker's Python was named by you, so nothing is installed into it.",
            f"Install it there yourself: {command}",
        )


def _look_for_cards(title: str, control: JobControl) -> JobSteps:
    for _ in graphics.look():
        control.check()
        yield JobState(title, Phase.RUNNING, "Looking for a graphics card")


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
