"""Long silences become short ones: they cost money, and models invent words in them."""

from __future__ import annotations

import heapq
import math
from collections import deque
from typing import TYPE_CHECKING, Final

from bot.decoder.clock import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.decoder.sound import Block

LONG_SAMPLES: Final = 3 * SAMPLE_RATE  # from here on a silence is shortened
KEPT_SAMPLES: Final = SAMPLE_RATE // 2  # of it, at each side
_LOUD_BLOCKS: Final = 10  # a second of them: less is a door, not a voice

# In decibels. Low on purpose: in a noisy room nothing is left out, and far voices stay. Speech that is
# quiet all along stays down to _LOWEST, beside a loud voice down to _HIGHEST at the worst; what is
# quieter counts as silence.
_BELOW_LOUD: Final = 35
_HIGHEST, _LOWEST = -60, -70


class Silence:
    """Leaves the middle of long silences out, and remembers whether anything else was heard."""

    def __init__(self) -> None:
        self.is_all = True
        self._loudest: list[float] = []  # a heap of the loudest blocks; the first is the quietest of them
        self._samples = 0  # how long the silence is by now
        self._held: deque[Block] = deque()  # what may yet be left out of it

    def shortened(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Give the blocks that stay. What was left out shows in where the next one lies."""
        for block in blocks:
            if block.level < self._threshold(block.level):
                yield from self._in_silence(block)
                continue
            self.is_all = False
            yield from self._held
            self._held.clear()
            self._samples = 0
            yield block
        yield from self._held

    def _in_silence(self, block: Block) -> Iterator[Block]:
        self._samples += block.samples
        if self._samples <= KEPT_SAMPLES:
            yield block
            return
        self._held.append(block)
        if self._samples >= LONG_SAMPLES:
            held = sum(one.samples for one in self._held)
            while held - self._held[0].samples >= KEPT_SAMPLES:
                held -= self._held.popleft().samples

    def _threshold(self, level: float) -> float:
        """Say below which level it is silent, given how loud it has been for at least a second."""
        if len(self._loudest) < _LOUD_BLOCKS:
            heapq.heappush(self._loudest, level)
        else:
            heapq.heappushpop(self._loudest, level)
        loud = self._loudest[0] if len(self._loudest) == _LOUD_BLOCKS else -math.inf
        return min(_HIGHEST, max(_LOWEST, loud - _BELOW_LOUD))
