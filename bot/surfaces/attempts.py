"""Which job a share gets next, when somebody asks for it again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.ending import EndingName

if TYPE_CHECKING:
    from bot.ending import Ending, JobState
    from bot.share import Job

# In these the person has an answer in the thread. After the others another try may bring one: who asks for
# what was left alone as English says that it is not, or wants it all the same.
ANSWERED = frozenset({EndingName.TRANSLATED, EndingName.NO_SPEECH})


def next_job(state: JobState, wish: Job) -> Job | None:
    """Make the attempt after the newest one of a share; None where it would bring nothing new.

    `wish` is the job that a share nobody knows would get. Where the same was wished before, what is
    missing is all that is translated again. Nobody is asked twice whether a long recording is meant.
    """
    last, ending = state.job, state.ending
    if ending is None:
        return None
    job = replace(wish, attempt=last.attempt + 1)
    if _is_same(last, wish):
        if missing := missing_of(last, ending):
            return replace(job, only=missing, confirm_above_seconds=0.0)
        if ending.name in ANSWERED:
            return None
    return replace(job, confirm_above_seconds=0.0) if _is_confirmed(last, ending) else job


def missing_of(job: Job, ending: Ending) -> tuple[tuple[float, float], ...]:
    """Give the stretches that are still to be had; an attempt that failed early brought none."""
    return ending.missing or (() if ending.name in ANSWERED else job.only)


def _is_same(one: Job, other: Job) -> bool:
    return _wish(one) == _wish(other)


def _wish(job: Job) -> tuple[object, ...]:
    """Give what a channel's settings make of an answer; what is left alone as English has none."""
    return (job.prompt, job.output, job.temperature, job.glossary, job.wants_original)


def _is_confirmed(job: Job, ending: Ending) -> bool:
    """Say whether somebody has seen the question, or said yes in an attempt that did not end well."""
    return ending.is_question or (job.attempt > 1 and not job.confirm_above_seconds)
