# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Setting up the worker's environment, as a job."""

from ..inference.errors import ErrorCode, TalkingHeadError
from ..inference.weights.catalogue import weight_file
from . import environment, environment_setup, worker
from .runner import JobControl, JobState, JobSteps, Phase

TITLE = "Set Up Worker"


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
    worker.stop()
    state = JobState(TITLE, Phase.RUNNING)
    steps = environment_setup.set_up(worker.setup_plan())
    try:
        for progress in steps:
            control.check()
            yield JobState(TITLE, Phase.RUNNING, progress.text, fraction=progress.fraction)
    finally:
        steps.close()
        worker.refresh()
    worker.client().forgive()
    request = worker.client().submit("ping")
    while request.open:
        control.check()
        worker.client().pump(control.wait_s)
        yield JobState(TITLE, Phase.RUNNING, "Starting the worker", fraction=0.99)
    request.result()
    yield JobState(state.title, Phase.DONE, "The worker is set up", fraction=1.0)
