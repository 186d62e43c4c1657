"""Faults of the stand-in endpoint by name: what a person can switch on to see what the bot makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.sandbox.endpoint_answers import Answer, failing, hang, html

if TYPE_CHECKING:
    from bot.sandbox.endpoint import EndpointSandbox

SLOW_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class EndpointFault:
    """What goes wrong with every request while it is switched on, and how people call it."""

    title: str
    answer: Answer | None = None
    delay_seconds: float = 0.0
    hears_nothing: bool = False


FAULTS: Final = {
    "no_credit": EndpointFault(
        "No credit left on the account",
        failing(403, code="insufficient_user_quota", message="insufficient user quota"),
    ),
    "wrong_key": EndpointFault(
        "The key is not accepted", failing(401, code="invalid_api_key", message="invalid token")
    ),
    "down": EndpointFault(
        "The service is down (503)", failing(503, code="service_unavailable", message="try again later")
    ),
    "slow": EndpointFault(f"Answers take {SLOW_SECONDS:.0f} seconds", delay_seconds=SLOW_SECONDS),
    "hang": EndpointFault("Takes the recording and never answers", hang()),
    "no_speech": EndpointFault("Hears no speech in anything", hears_nothing=True),
    "html": EndpointFault("Answers with a web page instead of text", html()),
}


def switch(endpoint: EndpointSandbox, name: str | None) -> None:
    """Let this fault meet all requests from now on, and none that was on before. Raises KeyError."""
    fault = EndpointFault("") if name is None else FAULTS[name]
    endpoint.always = fault.answer
    endpoint.delay_seconds = fault.delay_seconds
    endpoint.hears_nothing = fault.hears_nothing
    endpoint.release()
