# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds networks of many gigabytes as ``fit`` decided, and puts them on the device while they compute.

An engine makes one ``VideoPlacing`` from its fit and gives it to all that computes: ``Vae``, ``Texts`` and ``Held``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
import torch
from diffusers import AutoencoderKLWan
from torch import Tensor, nn

from ...errors import ErrorCode, TalkingHeadError
from ..diffusion.memory import LAYERS, Decision, less
from ..diffusion.parked import Parked, tables_of, tensors_of
from ..diffusion.placing import Placing
from ..neural.device import Device
from .cancel import asking
from .fit import Fit
from .forms import shaped
from .hold import Told, silent
from .visitor import Visitor

_LOG = logging.getLogger(__name__)
Result = TypeVar("Result")


class VideoPlacing(Placing):
    """Puts the networks of a video engine on the device as ``Placing`` does.

    Networks are cast to ``dtype``, or compute in 32 bit with ``using(..., exact=True)``; those that were given a form
    by ``hold`` keep it.

    Args:
        fit: of ``fit.choose``.

    Attributes:
        dtype: what networks compute in and are given: bfloat16 or float32.
        fit: as given, or as adapted to.
    """

    def __init__(self, fit: Fit, device: Device) -> None:
        super().__init__(device, "full", fit.memory)
        self.fit = fit
        self.dtype = torch.bfloat16 if fit.half else torch.float32
        self._shaped: WeakKeyDictionary[nn.Module, str] = WeakKeyDictionary()
        self._drawing_pictures: WeakSet[AutoencoderKLWan] = WeakSet()

    @property
    def bytes(self) -> int:
        """Of all networks that were given to this, where they lie in main memory."""
        tables = (
            table
            for network in {*self._shaped, *self._parked, *self._drawing_pictures}
            for layer in network.modules()
            for table in tables_of(layer)
        )
        return sum(tensor.nbytes for table in tables for tensor in tensors_of(table).values())

    def adapt(self, fit: Fit) -> bool:
        """Place the same networks as another fit says; false where that holds them in other forms.

        No network may be on the device (``release``).
        """
        if (fit.forms, fit.half) != (self.fit.forms, self.fit.half):
            return False
        self.fit, self.memory = fit, fit.memory
        for vae in self._drawing_pictures:
            _tile(vae, fit.tiles)
        return True

    def tile(self, vae: AutoencoderKLWan) -> None:
        """Have a VAE work in tiles where the fit says so, now and when it is another one."""
        self._drawing_pictures.add(vae)
        _tile(vae, self.fit.tiles)

    def hold(self, network: nn.Module, part: str) -> None:
        """Give a network, in place, the form that was decided for a part; what must be exact stays in 32 bit.

        Its tensors are changed one after the other, so that it is not in memory twice. They may be windows into files
        (``tensors_in.read_files``), and are so no longer.
        """
        shaped(network, self.fit.forms[part], self.dtype)
        self._shaped[network] = part

    def attempt(self, draw: Callable[[], Result]) -> Result:  # type: ignore[override]
        """What a function draws; called again where memory ran out, with less on the device.

        Raises:
            TalkingHeadError: OUT_OF_MEMORY where nothing helps; whatever the function raises.
        """
        while True:
            try:
                return draw()
            except TalkingHeadError as error:
                sparing = less(self.memory, self.device.kind)
                if error.code is not ErrorCode.OUT_OF_MEMORY or sparing is None:
                    raise
                _LOG.warning("Memory ran out with the setting '%s': drawn again with '%s'", self.memory, sparing)
                self.memory = sparing
            self.release()

    def _parked_of(self, network: nn.Module, dtype: torch.dtype) -> Parked:
        if network in self._shaped and network not in self._parked:
            self._parked[network] = Visitor(network, dtype)
        parked = super()._parked_of(network, dtype)
        if isinstance(parked, Visitor):
            parked.layered = self._shaped[network] in self.fit.layered
        return parked

    def _decide(self, parked: list[Parked], others: list[Parked], working: int) -> Decision:
        if self.device.kind != "cpu" and any(isinstance(each, Visitor) and each.layered for each in parked):
            return LAYERS
        return super()._decide(parked, others, working)


def _tile(vae: AutoencoderKLWan, tiles: bool) -> None:
    if tiles:
        vae.enable_tiling()
    else:
        vae.disable_tiling()


class Held:
    """A large network in the form that was decided for it (``hold.Hold``).

    Args:
        part: its name among the parts of the fit.
    """

    def __init__(self, network: nn.Module, placing: VideoPlacing, part: str) -> None:
        placing.hold(network, part)
        self._network, self.placing = network, placing

    @property
    def network(self) -> Any:
        """Is called only inside of ``using``."""
        return self._network

    @contextmanager
    def using(self, told: Told = silent, working: int = 0) -> Iterator[None]:
        """The network computes as long as the context lasts; there are no gradients.

        Args:
            told: called before each of the network's blocks; what it raises passes through, and the network stays of
                use.
            working: bytes that are needed besides the network.

        Raises:
            TalkingHeadError: as ``Placing.using``; whatever ``told`` raises.
        """
        with asking(self._network, told), self.placing.using(self._network, working=working):
            yield

    def tensor(self, values: np.ndarray | Tensor) -> Tensor:
        """Values where the network computes; floats in the type that it computes in."""
        return self.placing.tensor(values)
