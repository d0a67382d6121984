# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the networks of a redraw run on, and in which numbers: puts networks on the device for a stage."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import NoReturn
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import ErrorCode, TalkingHeadError
from ..neural.device import Device, is_out_of_memory, raise_failure
from .attention import in_slices
from .memory import Decision, Stage, decide, less
from .parked import Parked

_LOG = logging.getLogger(__name__)


class Placing:
    """Keeps networks on a device as the setting Memory says. Threads that use it at the same time wait for each other.

    Args:
        device: what computes.
        precision: ``auto``, ``full`` or ``half``, the setting "precision".
        memory: ``auto``, ``all``, ``parts`` or ``layers``, the setting "memory".

    Attributes:
        device: as given.
        dtype: of the networks that are used without ``exact``, and of what they are given.
        memory: the setting; becomes a more sparing one when memory ran out.
    """

    def __init__(self, device: Device, precision: str = "auto", memory: str = "auto") -> None:
        self.device = device
        self.memory = memory
        self.dtype = _type_of(device, precision)
        # Otherwise 32 bit convolutions on NVIDIA's newer cards keep 10 bits of the mantissa.
        torch.backends.cudnn.allow_tf32 = False
        self._parked: WeakKeyDictionary[nn.Module, Parked] = WeakKeyDictionary()
        self._in_use: list[nn.Module] = []
        self._alone = RLock()

    @contextmanager
    def using(self, *networks: nn.Module, working: int = 0, exact: bool = False) -> Iterator[None]:
        """The networks compute on the device, in ``dtype``, as long as the context lasts; there are no gradients.

        What they are given must be on the device (``tensor``); where their own tensors are is not to be relied on.
        Once used, networks belong to this: their weights and layers may not be changed, nor moved.

        Args:
            working: bytes that are needed besides the networks.
            exact: compute in 32 bit whatever the precision.

        Raises:
            TalkingHeadError: OUT_OF_MEMORY, UNSUPPORTED_INPUT where the device fails.
        """
        with self._alone:
            try:
                with ExitStack() as stack:
                    self._place(stack, networks, working, torch.float32 if exact else self.dtype)
                    stack.enter_context(torch.inference_mode())
                    yield
            except (RuntimeError, MemoryError) as error:
                self._raise(error)

    def tensor(self, values: np.ndarray | Tensor, exact: bool = False) -> Tensor:
        """Values on the device; floats in ``dtype``, or in 32 bit if ``exact``."""
        if isinstance(values, np.ndarray) and not values.flags.writeable:
            values = values.copy()  # PyTorch warns of others
        tensor = torch.as_tensor(values)
        if not tensor.is_floating_point():
            return tensor.to(self.device.torch)
        return tensor.to(self.device.torch, torch.float32 if exact else self.dtype)

    def attempt(self, draw: Callable[[], np.ndarray]) -> np.ndarray:
        """What a function draws. It is called again where memory ran out, with less on the device, and where 16 bit
        gave numbers that are not finite, in 32 bit; what helped is kept for all that follows.

        Args:
            draw: gives the same at every call, and uses networks only by this.

        Raises:
            TalkingHeadError: OUT_OF_MEMORY where nothing helps; whatever the function raises.
        """
        while True:
            try:
                drawn = draw()
            except TalkingHeadError as error:
                sparing = less(self.memory, self.device.kind)
                if error.code is not ErrorCode.OUT_OF_MEMORY or sparing is None:
                    raise
                _LOG.warning("Memory ran out with the setting '%s': drawn again with '%s'", self.memory, sparing)
                self.memory = sparing
            else:
                if self.dtype is torch.float32 or np.isfinite(drawn).all():
                    return drawn
                _LOG.warning("%s gave numbers that are not finite: drawn again in 32 bit", self.dtype)
                self.dtype = torch.float32
            self.release()

    def release(self) -> None:
        """Take all networks off the device that are not in use."""
        with self._alone:
            self._evict(self._others(()))
            self.device.release()

    def _place(self, stack: ExitStack, networks: tuple[nn.Module, ...], working: int, dtype: torch.dtype) -> None:
        parked = [(network, self._parked_of(network, dtype)) for network in networks if network not in self._in_use]
        stack.callback(self._in_use.__delitem__, slice(len(self._in_use), None))
        self._in_use += [network for network, _ in parked]
        others = self._others(networks)
        decision = self._decide([each for _, each in parked], others, working)
        if decision.evict:
            self._evict(others)  # PyTorch uses the room again by itself
        if decision.layers:
            stack.enter_context(in_slices(network for network, _ in parked))
        for network, each in parked:
            if decision.layers:
                stack.enter_context(each.layer_by_layer(network, self.device.torch))
            elif not each.on_device:
                each.put(self.device.torch)
            if not decision.leave:
                stack.callback(each.take_off)

    def _decide(self, parked: list[Parked], others: list[Parked], working: int) -> Decision:
        missing = sum(each.bytes for each in parked if not each.on_device)
        stage = Stage(free_bytes(self.device), sum(each.bytes for each in others), missing, working)
        return decide(self.memory, self.device.kind, stage)

    def _parked_of(self, network: nn.Module, dtype: torch.dtype) -> Parked:
        parked = self._parked.get(network)
        if parked is None:
            parked = self._parked[network] = Parked(network, dtype)
        elif parked.dtype is not dtype:
            parked.cast(dtype)
        return parked

    def _others(self, networks: tuple[nn.Module, ...]) -> list[Parked]:
        """Those on the device that are not used."""
        used = [*networks, *self._in_use]
        return [each for network, each in self._parked.items() if each.on_device and network not in used]

    def _evict(self, parked: list[Parked]) -> None:
        for each in parked:
            each.take_off()

    def _raise(self, error: RuntimeError | MemoryError) -> NoReturn:
        """Tell of a failure of the device; errors of other kinds are raised as they are."""
        if is_out_of_memory(error):
            raise TalkingHeadError(
                ErrorCode.OUT_OF_MEMORY,
                f"The memory of the device ({self.device.label}) is not enough to redraw.",
                "Close other programs that use it, draw fewer frames at once or a smaller size, set Memory to Layers in"
                " Turn, or choose the CPU as device.",
                details=str(error),
            ) from error
        raise_failure(self.device, error)


def free_bytes(device: Device) -> int:
    """What can be used of the device's memory now; 0 for devices that use main memory as it is."""
    if device.kind == "cuda":
        unused = torch.cuda.memory_reserved(device.index) - torch.cuda.memory_allocated(device.index)
        return torch.cuda.mem_get_info(device.index)[0] + unused
    if device.kind == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
    return 0


def _type_of(device: Device, precision: str) -> torch.dtype:
    """The type of a setting "precision". Stable Diffusion 1.5 was made for float16, which is finer than bfloat16."""
    if precision == "full" or (precision == "auto" and device.kind == "mps"):
        return torch.float32
    if device.kind in ("cuda", "mps"):
        return torch.float16
    return device.half or torch.float32
