# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m inference weights``: downloads models, lists them, or converts one."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from ..errors import Action, ErrorCode, TalkingHeadError
from .catalogue import FACE_MODELS, SETS, Part, WeightFile, WeightSet
from .download import Progress, fetch_all
from .layouts import find
from .store import WeightStore, default_folders, is_intact, user_folder

_REPORT_EVERY_S = 0.2


def weights(options: argparse.Namespace) -> int:
    """Run the command.

    Returns:
        Exit code: 0, or with ``--json`` 1 after an error that was printed.

    Raises:
        TalkingHeadError: with the sentence to show.
    """
    if options.convert:
        _print_paths([_convert(options.convert, options.output)])
        return 0
    folder = (options.folder or user_folder()).absolute()
    search = [folder, *options.search, *default_folders()]
    if options.list:
        _print_list(search)
        return 0
    if not options.json:
        _print_paths(_get(options, search, _Shown()))
        return 0
    try:
        paths = _get(options, search, _AsJson())
    except TalkingHeadError as error:
        _print_json({"error": error.to_dict()})
        return 1
    _print_json({"paths": [str(path) for path in paths]})
    return 0


def _get(options: argparse.Namespace, search: list[Path], progress: Progress) -> list[Path]:
    """Download what is missing of the named files and sets; without any, the small models that every engine needs."""
    names, folder = list(options.names), search[0]
    if not names and not options.set:
        names = [file.name for file in FACE_MODELS]
    store = WeightStore(search)
    missing = [file.name for name in options.set for part in store.found(name).missing for file in part.files]
    fetched = fetch_all(folder, list(dict.fromkeys([*names, *missing])), progress, online=not options.offline)
    from_sets = [path for name in options.set for path in store.set_paths(name).values()]
    return list(dict.fromkeys([*fetched[: len(names)], *from_sets]))


def _convert(path: Path, output: Path | None) -> Path:
    try:
        from .conversion import convert
    except ImportError as error:
        raise TalkingHeadError(
            ErrorCode.PACKAGE_MISSING,
            f"The conversion lacks the Python package {error.name or error}.",
            "Install the packages of inference/requirements/neural.txt.",
            Action.INSTALL_NEURAL,
        ) from error
    return convert(path, output)


class _Shown:
    """Progress for people: on a terminal one line that changes, elsewhere one line a file."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def __call__(self, name: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == total else ""
            print(f"\r{name}: {done / 1e6:.1f} of {total / 1e6:.1f} MB\x1b[K", end=end, file=sys.stderr, flush=True)
        elif name not in self._told:
            self._told.add(name)
            print(f"{name}: {total / 1e6:.1f} MB", file=sys.stderr)


class _AsJson:
    """Progress for programs: a line of JSON now and then."""

    def __init__(self) -> None:
        self._last_s = -_REPORT_EVERY_S

    def __call__(self, name: str, done: int, total: int) -> None:
        now_s = time.monotonic()
        if done == total or now_s - self._last_s >= _REPORT_EVERY_S:
            self._last_s = now_s
            _print_json({"name": name, "done": done, "total": total})


def _print_json(value: object) -> None:
    print(json.dumps(value), flush=True)


def _print_paths(paths: Iterable[Path]) -> None:
    for path in paths:
        print(path)


def _print_list(folders: list[Path]) -> None:
    """What there is to get, how large, under which licence, and whether it is there."""
    print("Small models that every engine needs")
    for file in FACE_MODELS:
        there = next((folder / file.path for folder in folders if is_intact(folder / file.path, file)), None)
        _print_file(file, there)
    _print_licences(FACE_MODELS)
    for entry in SETS.values():
        _print_set(entry, folders)


def _print_set(entry: WeightSet, folders: list[Path]) -> None:
    found = find(entry, folders)
    size_mb = sum(file.size for file in entry.files) / 1e6
    print(f"\n{entry.name}: {entry.label}, {size_mb:.0f} MB{', optional' if entry.optional else ''}")
    for part in entry.parts:
        _print_part(part, found.paths.get(part.name) or found.paths.get(f"{part.name}_1"))
    for refused in found.refused:
        print(f"  {refused.path} is passed over: {refused.reason}")
    _print_licences(entry.files)


def _print_file(file: WeightFile, there: Path | None) -> None:
    _print_part(Part(file.name, file, (), ()), there)


def _print_part(part: Part, there: Path | None) -> None:
    about = "" if all(file.exact_size for file in part.files) else "about "
    more = f" and {len(part.rest)} more" if part.rest else ""
    size_mb = sum(file.size for file in part.files) / 1e6
    print(f"  {part.file.name}{more}, {about}{size_mb:.1f} MB: {there or 'missing'}")


def _print_licences(files: Iterable[WeightFile]) -> None:
    for text in dict.fromkeys(f"{file.licence}: {file.licence_note}" for file in files):
        print(f"  {text}")
