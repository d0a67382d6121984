# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads a set of models with the worker's Python, step by step, as a generator that never blocks for long. No bpy.

Closing the generator cancels; what has arrived of a file is kept, and the next download goes on there.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...inference.errors import ErrorCode, TalkingHeadError
from ...inference.weights.catalogue import WeightFile, weight_file
from .environment import Places
from .process import inference_command, popen_options, rotate_log, scrubbed_environment
from .setup_steps import POLL_S, Progress, Steps, advice, check_folder, end_process

_STEP = "Getting the models"


@dataclass(frozen=True)
class ModelsPlan:
    """What is to be downloaded.

    Attributes:
        places: folders; models go into ``places.weights``.
        python: the worker's interpreter.
        weights: name of the set.
        missing: its files that are missing, as far as a quick look tells.
        search: folders that may have some already.
        online: whether the network may be used.
        offline_hint: what the user can do when it may not.
        variables: environment variables of Blender, for proxies and the like.
    """

    places: Places
    python: Path
    weights: str
    missing: tuple[WeightFile, ...]
    search: tuple[Path, ...]
    online: bool
    offline_hint: str
    variables: Mapping[str, str]

    @property
    def command(self) -> tuple[str, ...]:
        """The program that downloads."""
        arguments = ["weights", "--json", "--set", self.weights, "--folder", str(self.places.weights)]
        arguments += [text for folder in self.search for text in ("--search", str(folder))]
        arguments += [] if self.online else ["--offline"]
        return inference_command(self.python, self.places.extension, self.places.user, arguments)


def get(plan: ModelsPlan) -> Steps:
    """Download what is missing of a set and verify all of it.

    Raises:
        TalkingHeadError: OFFLINE, OUTPUT_NOT_WRITABLE, and what the download says: DISK_FULL, DOWNLOAD_FAILED,
            WEIGHTS_CORRUPT ...
    """
    yield Progress("Checking the folder", 0.0)
    if plan.missing and not plan.online:
        raise TalkingHeadError(
            ErrorCode.OFFLINE, "The models must be downloaded, but Blender is offline.", plan.offline_hint
        )
    check_folder(plan.places.weights, 0)
    log = plan.places.setup_log
    log.parent.mkdir(parents=True, exist_ok=True)
    rotate_log(log)
    output = log.with_name("models.jsonl")
    with log.open("ab") as errors, output.open("wb") as lines:
        errors.write(f"\n$ {' '.join(plan.command)}\n".encode())
        errors.flush()
        errors_begin = errors.tell()
        process = subprocess.Popen(
            plan.command, stdin=subprocess.DEVNULL, stdout=lines, stderr=errors, cwd=plan.places.user,
            env=scrubbed_environment(plan.variables), **popen_options(),
        )  # fmt: skip
    told = _Told({file.name: file.size for file in plan.missing})
    try:
        with output.open(encoding="utf-8") as lines:
            while process.poll() is None:
                told.take(lines)
                yield told.progress()
                time.sleep(POLL_S)
            told.take(lines)
            yield told.progress()
    finally:
        end_process(process)
    if told.error is not None:
        raise told.error
    if process.returncode:
        with log.open("rb") as file:
            file.seek(errors_begin)
            raise advice(_STEP, file.read().decode("utf-8", errors="replace"))
    yield Progress("The models are there", 1.0)


@dataclass
class _Told:
    """What the program has told so far.

    Attributes:
        total: bytes of each file, by its name in the catalogue.
        done: bytes of each file that have arrived.
        last: the file that it told of last.
        error: why it failed.
    """

    total: dict[str, int]
    done: dict[str, int] = field(default_factory=dict)
    last: str = ""
    error: TalkingHeadError | None = None
    _rest: str = ""

    def take(self, lines: Iterator[str]) -> None:
        """Read on; the last line may be unfinished."""
        text = self._rest + "".join(lines)
        *whole, self._rest = text.split("\n")
        for entry in map(_entry, whole):
            if "error" in entry:
                self.error = TalkingHeadError.from_dict(entry["error"])
            elif "name" in entry:
                self.last = entry["name"]
                self.total[self.last], self.done[self.last] = entry["total"], entry["done"]

    def progress(self) -> Progress:
        """How far it is, over all files."""
        if not self.last:
            return Progress(_STEP, 0.0)
        name, done, total = weight_file(self.last).file_name, self.done[self.last], self.total[self.last]
        if done == total:
            return Progress(f"Verifying {name}", self._fraction())
        return Progress(f"{name}: {done / 1e6:.1f} of {total / 1e6:.1f} MB", self._fraction())

    def _fraction(self) -> float:
        return sum(self.done.values()) / max(1, sum(self.total.values()))


def _entry(line: str) -> dict[str, Any]:
    """A line of JSON; nothing for what something else printed."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
