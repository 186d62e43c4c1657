"""Sounds in which nobody speaks, how to mix and to turn them down, and how far a sound rises."""

from __future__ import annotations

import math
import operator
import random
from array import array
from functools import cache
from itertools import repeat
from typing import TYPE_CHECKING, Final

from bot.decoder.rise import Rise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

RATE: Final = 16_000
_FULL_SCALE: Final = 32_768
_HARMONICS: Final = 30


def rise_of(sound: array[int]) -> float | None:
    """Measure a sound as one piece, a second at a time."""
    rise = Rise()
    for begin in range(0, len(sound), RATE):
        rise.hear(sound[begin : begin + RATE].tobytes())
    return rise.decibels


@cache  # nobody changes it
def white(seconds: float, level: float, seed: int = 1) -> array[int]:
    """Give hiss."""
    return turned(_white(seconds, seed), level)


@cache  # nobody changes it
def pink(seconds: float, level: float, seed: int = 1) -> array[int]:
    """Give rain: each octave as loud as the next. The numbers are Paul Kellet's filter."""
    filters = [(0.99765, 0.0990460), (0.963, 0.2965164), (0.57, 1.0526913)]
    sound = []
    states = [0.0] * len(filters)
    for value in _white(seconds + 0.5, seed):
        states = [keep * state + take * value for (keep, take), state in zip(filters, states, strict=True)]
        sound.append(sum(states) + 0.1848 * value)
    return turned(sound[RATE // 2 :], level)


@cache  # nobody changes it
def brown(seconds: float, level: float, seed: int = 1) -> array[int]:
    """Give the rumble of a car or a ventilator."""
    sound, at = [], 0.0
    for value in _white(seconds + 0.5, seed):
        at = 0.998 * at + value
        sound.append(at)
    return turned(sound[RATE // 2 :], level)


def mains(seconds: float, level: float, seed: int = 1, *, hertz: int = 50) -> array[int]:
    """Give the hum of mains, with harmonics of chance strengths."""
    chance = random.Random(seed)  # noqa: S311 -- any hum will do
    tones = [
        (2 * math.pi * hertz * number / RATE, chance.random() / number, chance.random() * 6)
        for number in range(1, _HARMONICS)
    ]
    period = RATE // math.gcd(RATE, hertz)  # after so many samples it begins anew
    once = [sum(loud * math.sin(turn * at + phase) for turn, loud, phase in tones) for at in range(period)]
    return turned(_for(seconds, once), level)


def mains_of_60(seconds: float, level: float, seed: int = 1) -> array[int]:
    """Give American hum."""
    return mains(seconds, level, seed, hertz=60)


def held_tone(seconds: float, level: float, seed: int = 1) -> array[int]:
    """Give a tone that is held, at a pitch of chance."""
    turn = 2 * math.pi * random.Random(seed).randint(60, 7000) / RATE  # noqa: S311 -- any pitch will do
    return turned([math.sin(turn * at) for at in range(round(seconds * RATE))], level)


STEADY: Final[dict[str, Callable[[float, float, int], array[int]]]] = {
    "white noise": white,
    "pink noise": pink,
    "brown noise": brown,
    "hum of 50 Hz": mains,
    "hum of 60 Hz": mains_of_60,
    "a held tone": held_tone,
}


def turned(sound: Iterable[float], level: float) -> array[int]:
    """Turn a sound up or down to a level (root mean square, decibels of the loudest there can be)."""
    values = list(sound)
    return louder(values, level - level_of(values))


def louder(sound: Iterable[float], decibels: float) -> array[int]:
    """Give a sound louder, or less so; what is too loud for 16 bits is cut off."""
    factor = 10 ** (decibels / 20)
    return array("h", [max(-32_768, min(32_767, round(value * factor))) for value in sound])


def level_of(values: Sequence[float]) -> float:
    """Give the level (root mean square)."""
    return 20 * math.log10(math.hypot(*values) / math.sqrt(len(values)) / _FULL_SCALE)


def voice_level_of(sound: array[int]) -> float:
    """Give how loud somebody speaks, pauses aside: four fifths of the moments are quieter."""
    moments = [sound[begin : begin + 400] for begin in range(0, len(sound) - 399, 400)]
    levels = sorted(level_of(one) for one in moments if any(one))
    return levels[len(levels) * 4 // 5]


def mixed(sound: array[int], other: array[int]) -> array[int]:
    """Give both at once; the other is repeated as often as it takes."""
    return louder(map(operator.add, sound, _for(len(sound) / RATE, other)), 0)


def swelling(sound: array[int], seconds: float) -> array[int]:
    """Let a sound begin from nothing."""
    last = round(seconds * RATE)
    return array("h", [round(value * min(1.0, at / last)) for at, value in enumerate(sound)])


def with_burst(sound: array[int], at: float, seconds: float, decibels: float) -> array[int]:
    """Make a moment of it louder."""
    begin, end = round(at * RATE), round((at + seconds) * RATE)
    return sound[:begin] + louder(sound[begin:end], decibels) + sound[end:]


def _white(seconds: float, seed: int) -> Iterator[float]:
    chance = random.Random(seed)  # noqa: S311 -- any noise will do
    return (gauss(0.0, 1.0) for gauss in repeat(chance.gauss, round(seconds * RATE)))


def _for(seconds: float, once: Sequence[float]) -> list[float]:
    samples = round(seconds * RATE)
    return (list(once) * (samples // len(once) + 1))[:samples]
