"""What no piece of a job gets past is remembered for that job and that work alone."""

from __future__ import annotations

import pytest

from bot import errors
from bot.hopeless import HOPELESS, Hopeless


@pytest.mark.parametrize("kind", HOPELESS)
def test_it_is_told_once_and_raised_again(kind: type[errors.EndpointError]) -> None:
    """The first one is news; from then on the same is raised, for this work of this job alone."""
    hopeless = Hopeless()
    hopeless.check("J1", "local")
    assert hopeless.learn("J1", "local", kind("401"))
    assert not hopeless.learn("J1", "local", errors.EndpointKeyError("402"))
    with pytest.raises(kind, match="401"):
        hopeless.check("J1", "local")
    known = [hopeless.is_known(*one) for one in (("J1", "local"), ("J2", "local"), ("J1", "two-step"))]
    assert known == [True, False, False]
    hopeless.check("J2", "local")
    hopeless.check("J1", "two-step")


def test_another_fault_is_always_news() -> None:
    """An outage, a refused piece or one in another language says nothing of the other pieces."""
    hopeless = Hopeless()
    faults = errors.EndpointDownError(), errors.EndpointRefusedError(), errors.NotEnglishError()
    assert all(hopeless.learn("J1", "local", error) for error in faults * 2)
    hopeless.check("J1", "local")


def test_old_jobs_are_forgotten() -> None:
    """However many jobs fail, only the last ones are remembered."""
    hopeless = Hopeless(most_jobs=2)
    for job in ("J1", "J2", "J1", "J3"):
        hopeless.learn(job, "local", errors.EndpointCreditError())
    assert [hopeless.is_known(job, "local") for job in ("J1", "J2", "J3")] == [True, False, True]
