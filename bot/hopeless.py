"""What no piece of a job will get past: met once, it is remembered, so that the others cost no upload.

Remembered for each kind of work on its own, which is an engine's translating or its writing down: where the
second engine's key is wrong, the first one goes on.
"""

from __future__ import annotations

from collections import OrderedDict

from bot.errors import (
    EndpointCreditError,
    EndpointError,
    EndpointKeyError,
    EndpointModelError,
    EndpointRetiredError,
)

HOPELESS = (EndpointKeyError, EndpointCreditError, EndpointModelError, EndpointRetiredError)
# More than are under way at a time. Of one that is forgotten, a piece more is refused.
REMEMBERED_JOBS = 1000


class Hopeless:
    """For each job, what each kind of work has met."""

    def __init__(self, *, most_jobs: int = REMEMBERED_JOBS) -> None:
        self._most_jobs = most_jobs
        self._met: OrderedDict[str, dict[str, EndpointError]] = OrderedDict()

    def learn(self, job_id: str, work: str, error: EndpointError) -> bool:
        """Remember an error, if it is one of those, and say whether this is news."""
        if not isinstance(error, HOPELESS):
            return True
        met = self._met.setdefault(job_id, {})
        self._met.move_to_end(job_id)
        while len(self._met) > self._most_jobs:
            self._met.popitem(last=False)
        is_news = work not in met
        met.setdefault(work, error)
        return is_news

    def is_known(self, job_id: str, work: str) -> bool:
        """Say whether a piece of the job has met what no other will get past."""
        return work in self._met.get(job_id, {})

    def check(self, job_id: str, work: str) -> None:
        """Raise what is known, anew: several pieces raise it, each in its own step."""
        known = self._met.get(job_id, {}).get(work)
        if known is not None:
            raise type(known)(known.detail)
