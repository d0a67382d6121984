# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loaded engines and the last opened sources, kept so that a second run and previews begin at once."""

from __future__ import annotations

import importlib
import json
import logging
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..engines import description_of
from ..engines.description import LARGE_MB, EngineDescription
from ..engines.engine import NO_DRIVERS, Drivers, DrivingClip, DrivingSound, Engine, Session
from ..errors import Action, ErrorCode, TalkingHeadError
from ..give_back import give_back
from ..media.digests import Digests
from ..media.encode import TEMPORARY_SUFFIX
from ..media.prefetch import PrefetchingReader
from ..media.reader import SourceReader, open_source
from ..source import FaceChoice, Source, SourceKind
from ..weights.store import WeightStore
from .driver_notes import DriverNotes
from .last_few import LastFew

if TYPE_CHECKING:
    from ..acting import CaptureSpec
    from ..capture.capture import Capture
    from ..face.tracker import FaceTracker

_KEPT_SESSIONS = 3
_KEPT_CAPTURES = 3
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subject:
    """What a session is opened on.

    Attributes:
        preview: previews have sessions of their own, reduced by ``scale``.
        drivers: the clips and the sound that the engine is shown.
        content: digests of the weight sets in use, and of the files that the settings name: a session of other files
            would draw other frames.
    """

    engine: str
    settings: Mapping[str, object]
    source: Source
    face: FaceChoice
    preview: bool = False
    scale: float = 1.0
    drivers: Drivers = NO_DRIVERS
    content: tuple[str, ...] = ()

    def key(self) -> str:
        """Equal for equal subjects."""
        parts = [
            self.engine,
            dict(self.settings),
            self.source.to_dict(),
            self.face.to_dict(),
            self.preview,
            self.scale,
            [driver.key if driver else "" for driver in _each(self.drivers)],
            self.content,
        ]
        return json.dumps(parts, sort_keys=True)


@dataclass
class OpenSession:
    """A session with its reader and what it was prepared for."""

    key: str
    session: Session
    pictures: PrefetchingReader
    digests: dict[int, str]
    drivers: Drivers
    engine: str
    in_use: bool = field(default=False)

    def serves(self, key: str, digests: Mapping[int, str], *, further: bool) -> bool:
        """Whether it was prepared for these pictures, unchanged since.

        Args:
            further: pictures that were not asked for yet count as well.
        """
        known = {index: self.digests.get(index, digest if further else "") for index, digest in digests.items()}
        return self.key == key and known == digests

    def close(self) -> None:
        """Free session and files."""
        self.session.close()
        self.pictures.close()


class Sessions:
    """Engines by name and sessions by subject.

    Args:
        check: raises when the present request was cancelled; called before each picture is read.
        cache: folder for what is worth keeping; None for a temporary one of this process.

    Attributes:
        captures: the last captures, by what was asked and the key of the recording.
    """

    def __init__(
        self, weights: WeightStore, digests: Digests, check: Callable[[], None], cache: Path | None = None
    ) -> None:
        self._weights = weights
        self.digests = digests
        self._cache = cache
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._check = check
        self._engines: dict[str, Engine] = {}
        self._open: list[OpenSession] = []
        self._tracker: FaceTracker | None = None
        self.captures: LastFew[CaptureSpec, Capture] = LastFew(_KEPT_CAPTURES)

    @property
    def cache(self) -> Path:
        """The worker's cache folder; it may not exist yet."""
        return self._temporary_folder() if self._cache is None else self._cache

    def readable_caches(self, name: str) -> list[Path]:
        """Where a folder of the cache may be: in the cache, and what this process made beside it."""
        folders = [self.cache]
        if self._cache is not None and self._temporary is not None:
            folders.append(self._temporary_folder())
        return [folder / name for folder in folders]

    def writable_cache(self, name: str) -> Path:
        """A folder of the cache, made, or where it cannot be written one of this process."""
        folder = self.cache / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".{secrets.token_hex(16)}-{secrets.token_hex(4)}{TEMPORARY_SUFFIX}"
            probe.mkdir()
            probe.rmdir()
        except OSError as error:
            _LOG.warning("The cache %s cannot be written; what is made now is forgotten at the end: %s", folder, error)
            return self._temporary_folder() / name
        return folder

    def _temporary_folder(self) -> Path:
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="talkinghead-", ignore_cleanup_errors=True)
        return Path(self._temporary.name)

    def set_digests(self, engine: EngineDescription, settings: Mapping[str, object]) -> tuple[str, ...]:
        """sha256 of the files of an engine's weight sets that are in use.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT.
        """
        chosen = {choice.weights for setting in engine.settings for choice in setting.choices}
        there = (n for n in engine.optional_sets if n not in chosen and not self._weights.found(n).missing)
        names = [*engine.needed_sets(settings), *there]
        return tuple(digest for name in names for digest in self._weights.set_digests(name))

    def reader(self, source: Source) -> SourceReader:
        """The pictures of a source; the caller closes them."""
        return open_source(source, self.digests)

    def tracker(self) -> FaceTracker:
        """The face networks, loaded once.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT.
        """
        if self._tracker is None:
            from ..face.tracker import FaceTracker

            self._tracker = FaceTracker(self._weights)
        return self._tracker

    @contextmanager
    def opened(self, subject: Subject, needed: Sequence[int]) -> Iterator[OpenSession]:
        """A session that was prepared for the needed picture indices (ascending)."""
        self._make_room(subject)
        found = self._find_or_open(subject, needed)
        found.in_use = True
        try:
            yield found
        except BaseException:
            # After a failure or a cancel in the middle of a frame its state is not known.
            found.in_use = False
            self._drop(found)
            raise
        found.in_use = False

    def close(self) -> None:
        """Close the sessions that are not in use and forget captures; engines stay loaded."""
        self.captures.clear()
        for idle in [entry for entry in self._open if not entry.in_use]:
            self._drop(idle)

    def loaded(self) -> list[str]:
        """Names of the engines that are loaded."""
        return list(self._engines)

    def unload(self) -> list[str]:
        """Free sessions and engines, drop the temporary folder; the names of the engines that were loaded."""
        self.close()
        freed = self._unload(self.loaded())
        self._tracker = None
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None
        return freed

    def unload_large(self) -> list[str]:
        """Free the engines that take much memory, with their sessions; the names of those that were loaded."""
        return self._unload([name for name in self._engines if description_of(name).memory_mb >= LARGE_MB])

    def rest(self) -> None:
        """Hold nothing large while nothing is asked for."""
        self.close()
        self.unload_large()

    def _make_room(self, subject: Subject) -> None:
        """Large engines give way to one that will draw films, and film engines to any large one.

        What is in use stays. Previews of films are no drawing: they show the performance.
        """
        asked = description_of(subject.engine)
        if asked.memory_mb < LARGE_MB or (subject.preview and asked.film):
            return
        others = [description_of(name) for name in self._engines if name != subject.engine]
        large = [other for other in others if other.memory_mb >= LARGE_MB]
        self._unload([other.name for other in large if asked.film or other.film])

    def _unload(self, names: Sequence[str]) -> list[str]:
        busy = {entry.engine for entry in self._open if entry.in_use}
        freed = [name for name in names if name not in busy]
        for entry in [entry for entry in self._open if entry.engine in freed]:
            self._drop(entry)
        for name in freed:
            self._engines.pop(name).unload()
            _LOG.info("Engine %s unloaded", name)
        if freed:
            give_back()
        return freed

    def _find_or_open(self, subject: Subject, needed: Sequence[int]) -> OpenSession:
        key = subject.key()
        reader = self.reader(subject.source)
        try:
            digests = {index: reader.digest(index) for index in _digested(subject, needed, len(reader))}
            # A preview's session sees one picture after the other, as the user scrubs.
            further = subject.preview
            found = next((e for e in self._open if not e.in_use and e.serves(key, digests, further=further)), None)
            if found is not None:
                reader.close()
                found.digests |= digests
                self._open.remove(found)
                _attend(found.drivers, subject.drivers)
            else:
                found = self._open_new(subject, key, reader, needed, digests)
        except BaseException:
            reader.close()
            raise
        self._open.append(found)
        self._forget_oldest()
        return found

    def _open_new(
        self, subject: Subject, key: str, reader: SourceReader, needed: Sequence[int], digests: dict[int, str]
    ) -> OpenSession:
        engine = self._engine(subject.engine)
        pictures = PrefetchingReader(reader, needed, self._check, subject.scale)
        try:
            session = engine.open(pictures, needed, subject.face, subject.settings, subject.drivers)
        except BaseException:
            pictures.close()
            raise
        return OpenSession(key, session, pictures, digests, subject.drivers, subject.engine)

    def _engine(self, name: str) -> Engine:
        if name not in self._engines:
            description = description_of(name)
            try:
                module = importlib.import_module(f"..engines.{description.module}", __package__)
            except (ImportError, OSError) as error:  # an OSError is a library that lacks another one
                raise _lacking(description, error) from error
            engine: Engine = module.create()
            engine.load(self._weights)
            self._engines[name] = engine
            _LOG.info("Engine %s loaded", name)
        return self._engines[name]

    def _forget_oldest(self) -> None:
        idle = [entry for entry in self._open[:-1] if not entry.in_use]
        for old in idle[: max(0, len(self._open) - _KEPT_SESSIONS)]:
            self._drop(old)

    def _drop(self, entry: OpenSession) -> None:
        self._open.remove(entry)
        entry.close()


def _each(drivers: Drivers) -> tuple[DrivingClip | DrivingSound | None, ...]:
    return drivers.acting, drivers.head, drivers.expression, drivers.sound


def _attend(kept: Drivers, asked: Drivers) -> None:
    """Let the drivers of a session that is used again tell progress to the request that uses it."""
    for driver, other in zip((*_each(kept), kept.notes), (*_each(asked), asked.notes), strict=True):
        if isinstance(driver, DriverNotes) and isinstance(other, DriverNotes):
            driver.attend(other)


def _digested(subject: Subject, needed: Sequence[int], count: int) -> Sequence[int]:
    """Indices of the pictures by whose content a session is found again: a movie's pictures have one digest."""
    if subject.preview:
        return [0] if subject.source.kind is SourceKind.MOVIE else needed
    follows = subject.source.kind is SourceKind.SEQUENCE and description_of(subject.engine).follows_source(
        subject.settings
    )
    return range(count) if follows else needed


def _lacking(description: EngineDescription, error: ImportError | OSError) -> TalkingHeadError:
    package = getattr(error, "name", None) or str(error)
    hint, action = "Repair the worker's environment.", Action.REPAIR_WORKER
    if description.tier == "neural":
        hint, action = "Install the packages of the neural engines.", Action.INSTALL_NEURAL
    if description.tier == "diffusion":
        hint, action = "Install the packages of the engines that redraw.", Action.INSTALL_DIFFUSION
    return TalkingHeadError(
        ErrorCode.PACKAGE_MISSING, f"{description.label} lacks the Python package {package}.", hint, action, str(error)
    )
