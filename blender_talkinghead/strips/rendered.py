# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The note that a job leaves on a result: from which state of the source it rendered which frames.

It lies in the file, so undo, saving, splitting and copying keep it true.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Rendered:
    """What a result was rendered from.

    Attributes:
        state: the source's state when the job read it.
        first, end: content frames that were rendered, the end exclusive.
        missing: how many of them are not there, because the job was interrupted.
    """

    state: Mapping[str, str]
    first: int
    end: int
    missing: int = 0

    def joined(self, other: Rendered) -> Rendered:
        """With an earlier job that was rendered from the same state and lies beside or over this one."""
        apart = self.first > other.end or other.first > self.end
        if other.state != self.state or other.missing or apart:
            return self
        return replace(self, first=min(self.first, other.first), end=max(self.end, other.end))


def begin(results: Sequence[Any], planned: Rendered) -> None:
    """Note on results what a job is about to render, and how much of that is not there yet."""
    for result in results:
        before = read(result)
        _write(result, planned if before is None else planned.joined(before))


def end(results: Sequence[Any], state: Mapping[str, str], missing: int) -> None:
    """Note on results how many frames are missing at the end of the job that rendered this state."""
    for result in results:
        begun = read(result)
        if begun is not None and begun.state == state:
            _write(result, replace(begun, missing=missing))


def read(result: Any) -> Rendered | None:
    """What a result was rendered from; None for one that never was."""
    try:
        fields = json.loads(result.th_rendered)
        return Rendered(dict(fields["state"]), int(fields["first"]), int(fields["end"]), int(fields["missing"]))
    except (ValueError, KeyError, TypeError):
        return None


def lose(result: Any, count: int) -> None:
    """Note that files of a result are gone."""
    before = read(result)
    if before is not None:
        _write(result, replace(before, missing=count))


def _write(result: Any, rendered: Rendered) -> None:
    text = json.dumps(asdict(rendered), separators=(",", ":"))
    if result.th_rendered != text:
        result.th_rendered = text
