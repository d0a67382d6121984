# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fits: how networks of many gigabytes are held, decided from free memory before anything is read. Pure.

In which form a network lies in main memory and on the device: ``full`` (32 bit), ``half`` (bfloat16), ``eight`` (8 bit
and a scale for each row) or ``gguf`` (as in the file). How much of it is on the device at a time: ``all`` networks,
``parts`` (one network in turn) or ``layers`` (a few layers in turn). The finest form that fits is taken, then whole
pictures before tiles, then the most on the device: layers travel while others compute, so that they cost little time,
and 8 bit and tiles cost looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ...errors import ErrorCode, TalkingHeadError

FULL, HALF, EIGHT, GGUF = "full", "half", "eight", "gguf"
BYTES = {FULL: 4.0, HALF: 2.0, EIGHT: 1.01}
"""Of a number in each form; 8 bit with its share of the rows' scales. GGUF files say it themselves."""
MEMORY = ("all", "parts", "layers")
# What programs and the system take in the meantime, and what cannot be used because memory is in pieces.
_SPARE = 0.1
_GB = 10**9


@dataclass(frozen=True)
class Part:
    """A network before it is read.

    Attributes:
        name: what people call it, such as "video model".
        numbers: how many it has.
        form: in which its file has them: ``full``, ``half``, ``eight`` or ``gguf``.
        file_bytes: size of its files.
        layer_numbers: of the largest piece that must be on the device at a time (``layers``).
        working: bytes that it needs besides its numbers, computing in 16 bit (``exact``: in 32 bit).
        working_tiled: the same where it draws the picture in tiles; None for one that cannot.
        exact: computes in 32 bit whatever the precision.
        large: may be held in 8 bit, and in 16 bit on processors.
        visits: used once and given up before the others are read (text encoders).
    """

    name: str
    numbers: int
    form: str
    file_bytes: int
    layer_numbers: int
    working: int
    working_tiled: int | None = None
    exact: bool = False
    large: bool = False
    visits: bool = False


@dataclass(frozen=True)
class Ask:
    """What is asked.

    Attributes:
        kind: of the device: ``cuda``, ``mps`` or ``cpu``.
        device_free: bytes that are free on it; not looked at for a ``cpu``.
        main_free: bytes of main memory that are free.
        parts: all networks of the engine, not yet read.
        precision, memory: the settings.
        swift_half: whether the device computes faster in bfloat16; processors without matrix units do not, and
            NVIDIA's cards before Ampere hardly can.
    """

    kind: str
    device_free: int
    main_free: int
    parts: Sequence[Part]
    precision: str = "auto"
    memory: str = "auto"
    swift_half: bool = True


@dataclass(frozen=True)
class Fit:
    """How networks are held.

    Attributes:
        forms: of each part, by its name.
        half: networks compute in bfloat16, but for exact parts; otherwise in 32 bit.
        memory: ``all``, ``parts`` or ``layers``.
        layered: names of visiting parts that come in layers, whatever the others do.
        tiles: the VAE works in tiles.
        device_bytes: most that is on the device at a time.
        main_bytes: most that is in main memory.
        sentence: what was decided and why, for the log.
        held: bytes of main memory that each part takes, by its name.
    """

    forms: dict[str, str]
    half: bool
    memory: str
    layered: tuple[str, ...]
    tiles: bool
    device_bytes: int
    main_bytes: int
    sentence: str
    held: dict[str, int] = field(default_factory=dict)


def choose(ask: Ask) -> Fit:
    """The finest form and the most on the device that fits.

    Raises:
        TalkingHeadError: OUT_OF_MEMORY where nothing fits that the settings allow; UNSUPPORTED_INPUT for 16 bit on
            cards without bfloat16.
    """
    if ask.kind == "cuda" and ask.precision == HALF and not ask.swift_half:
        raise TalkingHeadError(
            ErrorCode.UNSUPPORTED_INPUT,
            "This graphics card cannot compute in bfloat16, the 16 bit numbers of these models.",
            "Set Precision to Automatic.",
        )
    fits = list(_candidates(ask))
    for fit in fits:
        if _has_room(ask, fit):
            return fit
    raise _too_large(ask, min(fits, key=lambda fit: (fit.main_bytes > usable(ask.main_free), fit.device_bytes)))


def _candidates(ask: Ask) -> Iterator[Fit]:
    """From the finest to the most sparing."""
    for precision in _precisions(ask):
        for tiles in (False, True):
            for memory in _memories(ask):
                yield _fit(ask, precision, memory, tiles)


def _precisions(ask: Ask) -> tuple[str, ...]:
    if ask.precision != "auto":
        return (ask.precision,)
    if ask.swift_half and ask.kind in ("cuda", "cpu"):
        return (HALF, EIGHT)
    if ask.kind == "cuda":
        return (FULL, EIGHT)
    return (FULL, HALF, EIGHT)


def _memories(ask: Ask) -> tuple[str, ...]:
    if ask.kind == "cpu":
        return ("all",)
    return MEMORY if ask.memory == "auto" else (ask.memory,)


def _fit(ask: Ask, precision: str, memory: str, tiles: bool) -> Fit:
    half = precision == HALF or (precision == EIGHT and ask.swift_half)
    forms = {part.name: _form(part, precision, half) for part in ask.parts}
    layered = _layered(ask, forms, half)
    device = _device_bytes(ask, forms, half, memory, layered, tiles)
    main = _main_bytes(ask.parts, forms) + (device if ask.kind == "cpu" else 0)
    sentence = _sentence(ask, forms, memory, tiles, device, main)
    held = {part.name: _held(part, forms[part.name]) for part in ask.parts}
    return Fit(forms, half, memory, layered, tiles, device, main, sentence, held)


def _layered(ask: Ask, forms: dict[str, str], half: bool) -> tuple[str, ...]:
    """Visitors that the device has no room for as a whole."""
    if ask.kind == "cpu":
        return ()
    sizes = {
        part.name: _held(part, forms[part.name]) + _working(part, half, False) for part in ask.parts if part.visits
    }
    return tuple(name for name, size in sizes.items() if size > usable(ask.device_free))


def _form(part: Part, precision: str, half: bool) -> str:
    if part.exact:
        return FULL
    if part.form == GGUF:
        return GGUF
    if not part.large:
        return HALF if half else FULL
    if precision == EIGHT or (part.form == EIGHT and precision != FULL):
        return EIGHT
    return precision


def _held(part: Part, form: str) -> int:
    return part.file_bytes if form == GGUF else round(part.numbers * BYTES[form])


def _device_bytes(
    ask: Ask, forms: dict[str, str], half: bool, memory: str, layered: tuple[str, ...], tiles: bool
) -> int:
    """Most on the device at a time; on processors what is worked on, as the networks are in main memory anyway."""
    resident = sum(_held(part, forms[part.name]) for part in ask.parts if not part.visits)
    most = 0
    for part in ask.parts:
        held, working = _held(part, forms[part.name]), _working(part, half, tiles)
        if ask.kind == "cpu":
            held = 0
        elif memory == "layers" or part.name in layered:
            # One computes, the one before may still, and the next one is on its way once the order is known.
            at_once = 1 if part.visits else 3
            held = round(held * min(part.layer_numbers * at_once / part.numbers, 1))
        elif memory == "all" and not part.visits:
            held = resident
        most = max(most, held + working)
    return most


def _working(part: Part, half: bool, tiles: bool) -> int:
    working = part.working_tiled if tiles and part.working_tiled is not None else part.working
    return working if half or part.exact else 2 * working


def _main_bytes(parts: Sequence[Part], forms: dict[str, str]) -> int:
    """Visitors come and go before the others are read."""
    visitors = [_held(part, forms[part.name]) for part in parts if part.visits]
    stay = sum(_held(part, forms[part.name]) for part in parts if not part.visits)
    return max([stay, *visitors])


def usable(free: int) -> int:
    """What of some free bytes can be counted on."""
    return round(free * (1 - _SPARE))


def _has_room(ask: Ask, fit: Fit) -> bool:
    if fit.main_bytes > usable(ask.main_free):
        return False
    return ask.kind == "cpu" or fit.device_bytes <= usable(ask.device_free)


_IN_WORDS = {FULL: "32 bit", HALF: "16 bit", EIGHT: "8 bit", GGUF: "as in its GGUF file"}
_AT_ONCE = {"all": "all networks stay on the device", "parts": "networks take turns", "layers": "layers take turns"}


def _sentence(ask: Ask, forms: dict[str, str], memory: str, tiles: bool, device: int, main: int) -> str:
    held = ", ".join(f"{name} in {_IN_WORDS[form]}" for name, form in forms.items())
    where = "on the processor" if ask.kind == "cpu" else _AT_ONCE[memory]
    free = "" if ask.kind == "cpu" else f"{device / _GB:.1f} of {ask.device_free / _GB:.1f} GB on the device, "
    return (
        f"{held}; {where}{', pictures in tiles' if tiles else ''}; "
        f"needs {free}{main / _GB:.1f} of {ask.main_free / _GB:.1f} GB of main memory (computed)"
    )


def _too_large(ask: Ask, least: Fit) -> TalkingHeadError:
    short_of_main = least.main_bytes > usable(ask.main_free)
    needed, free = (
        (least.main_bytes, ask.main_free) if short_of_main else (least.device_bytes, ask.device_free)
    )  # fmt: skip
    where = "main memory" if short_of_main else "the device's memory"
    more = "" if (ask.precision, ask.memory) == ("auto", "auto") else " set Precision and Memory to Automatic,"
    model = (
        "choose a smaller form of the model (GGUF)" if short_of_main else "draw fewer frames at once or a smaller size"
    )
    return TalkingHeadError(
        ErrorCode.OUT_OF_MEMORY,
        f"The models need {needed / (1 - _SPARE) / _GB:.1f} GB of {where}, and {free / _GB:.1f} GB are free.",
        f"Close other programs,{more} or {model}.",
        details=least.sentence,
    )
