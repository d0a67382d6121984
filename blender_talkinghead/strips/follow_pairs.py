# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which source each result follows, and into what a source was cut; from facts and memories, no Blender in here."""

from __future__ import annotations

from collections.abc import Mapping

from . import pairs
from .follow_rules import Placement, cuts
from .follow_state import Memory
from .pairs import ROLE_RESULT, ROLE_SOURCE, StripFacts


def placement(facts: StripFacts) -> Placement:
    """Where a strip lies."""
    return Placement(facts.anchor, facts.left, facts.right)


def assigned(
    facts: tuple[StripFacts, ...], memories: Mapping[str, Memory | None]
) -> list[tuple[StripFacts, StripFacts]]:
    """Each result with the source that it follows; results whose source is gone are left out.

    The source that a result remembers goes before all others: a duplicate that stays where the source was must not
    hold the result. A copy of a result remembers what the original followed, and takes a source that nobody has.

    Args:
        facts: of the sources and results of one id in one scene.
        memories: what each result remembers, by name.
    """
    sources = {item.name: item for item in facts if item.role == ROLE_SOURCE}
    results = [item for item in facts if item.role == ROLE_RESULT]
    found: dict[str, StripFacts] = {}
    for result in results:
        memory = memories[result.name]
        if memory is not None and memory.result == result.name and memory.source in sources:
            found[result.name] = sources[memory.source]
    taken = {source.name for source in found.values()}
    for result in results:
        if result.name not in found:
            free = [item for item in facts if item.name not in taken]
            source = pairs.source_of(result, free) or pairs.source_of(result, facts)
            if source is not None:
                found[result.name] = source
    return [(result, found[result.name]) for result in results if result.name in found]


def parts_of(
    facts: tuple[StripFacts, ...], source: StripFacts, result: StripFacts, memory: Memory
) -> list[tuple[StripFacts, int]]:
    """The strips that were cut off a source and have no result of their own, each with its first content frame then.

    In the order of content; () while the source is whole.
    """
    if source.content[1] >= memory.source_at.content[1]:
        return []  # known at once, because the rest takes long among many pieces
    others = [
        item
        for item in facts
        if item.role == ROLE_SOURCE and item.name != source.name and _best_result(item, facts) == result.name
    ]
    pieces = sorted((source, *others), key=lambda item: item.content)
    found = cuts(memory.source_at, [placement(item) for item in pieces])
    if not others or pieces[0] != source or not found:
        return []
    return list(zip(pieces[1:], found, strict=True))


def _best_result(source: StripFacts, facts: tuple[StripFacts, ...]) -> str:
    found = pairs.results_of(source, facts)
    return found[0].name if found else ""
