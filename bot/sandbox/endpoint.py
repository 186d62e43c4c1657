"""The embedded endpoint: `/v1/audio/translations` on this machine, strict as the real ones are.

It knows the shipped samples by their sound and answers their English. Of all other sound it says that
it is a stand-in, and what it received. Every request is kept for a test, or a page, to look at.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self, cast

from aiohttp import web

from bot.errors import BotError, NoSoundError
from bot.sandbox.endpoint_answers import REQUEST_ID, Answer, Fault, failing, translated
from bot.sandbox.endpoint_form import MOST_BYTES, Form, RefusedError, read_form
from bot.sandbox.hearing import Hearing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.sandbox.hearing import Heard

HOST: Final = "127.0.0.1"
MOST_OF_ANSWER: Final = 2000
_TOO_SHORT: Final = "Audio file is too short. Minimum audio length is 0.1 seconds."
_UNREADABLE: Final = "The audio file could not be decoded or its format is not supported."


@dataclass(frozen=True, slots=True)
class TranslationRequest:
    """One request, as it arrived; what was not sent, or not read because it was refused, is None.

    `fields` is the form without the file. `seconds` is how much sound the file held. `status` is 0 until
    the endpoint has made up its mind; `answered` says that the answer was handed over. `answer` is the
    beginning of its body; `duration` how many seconds all of it took.
    """

    at: datetime
    authorization_ok: bool
    content_length: int | None
    fields: Mapping[str, str] = field(default_factory=dict)
    file_name: str | None = None
    file_bytes: int = 0
    seconds: float = 0.0
    status: int = 0
    answered: bool = False
    answer: str = ""
    duration: float = 0.0

    @property
    def prompt(self) -> str | None:
        """The prompt; None where none was sent, which is not the same as an empty one."""
        return self.fields.get("prompt")

    @property
    def model(self) -> str | None:
        """The model that was asked for."""
        return self.fields.get("model")

    @property
    def response_format(self) -> str | None:
        """The format that was asked for."""
        return self.fields.get("response_format")

    @property
    def temperature(self) -> str | None:
        """The temperature, as it was written."""
        return self.fields.get("temperature")


@dataclass(slots=True)
class _Visit:
    """A request under way: its number, which no other ever gets, and its record so far."""

    number: int
    record: TranslationRequest


class EndpointSandbox:
    """The server. Use it as `async with EndpointSandbox() as endpoint`.

    `requests` has every request, in order. `delay_seconds` is how long an answer takes (a number, or a
    function of the request); `always` answers everything that `script` has no answer for; `models` are the
    models it offers; `hears_nothing` makes every text empty; `gate`, while it is cleared, holds every answer
    back. `ears` are asked what a file says before it is listened to in a child; where they say None, that
    follows. `refused_extensions` (such as ".flac") are not taken, as OpenAI says it, or, with
    `measures_files`, as a gateway says it that can't measure them. `listeners` get the number and the new
    state of each request that changes.
    """

    def __init__(self, *, port: int = 0, key: str = "sandbox-key") -> None:
        self.key = key
        self.requests: list[TranslationRequest] = []
        self.delay_seconds: float | Callable[[TranslationRequest], float] = 0.0
        self.always: Answer | None = None
        self.models: tuple[str, ...] = ("whisper-1",)
        self.hears_nothing = False
        self.ears: Callable[[bytes], Heard | None] | None = None
        self.refused_extensions: frozenset[str] = frozenset()
        self.measures_files = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.listeners: list[Callable[[int, TranslationRequest], None]] = []
        self.in_flight = 0
        self.max_in_flight = 0
        self._port = port
        self._script: deque[Answer | None] = deque()
        self._forgotten = 0
        self._released = asyncio.Event()
        self._changed = asyncio.Event()
        self._hearing = Hearing()
        self._runner = web.AppRunner(
            _application(self), handler_cancellation=True, shutdown_timeout=0.5, access_log=None
        )

    @property
    def base_url(self) -> str:
        """What `TRANSLATION_BASE_URL` is set to."""
        return f"http://{HOST}:{self._port}/v1"

    async def __aenter__(self) -> Self:
        """Listen. A port that is taken is an `OSError`."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self._port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening; whoever still waits for an answer loses the connection."""
        await self._runner.cleanup()
        await self._hearing.close()

    def script(self, *answers: Answer | None) -> None:
        """Queue what the next good requests get, one each; None is the usual work."""
        self._script.extend(answers)

    def numbered(self) -> list[tuple[int, TranslationRequest]]:
        """Give the requests with their numbers, which go on counting after `forget`."""
        return list(enumerate(self.requests, self._forgotten))

    def release(self) -> None:
        """Cut the connections of all that hang now; later ones hang anew."""
        self._released.set()
        self._released = asyncio.Event()

    def forget(self) -> None:
        """Forget every request and what was planned; those under way end on their own, unrecorded."""
        self._forgotten += len(self.requests)
        self.requests.clear()
        self._script.clear()
        self.delay_seconds, self.always, self.hears_nothing = 0.0, None, False
        self.gate.set()
        self.release()

    async def wait_for(self, predicate: Callable[[], bool], *, timeout_seconds: float = 10) -> None:
        """Wait until `predicate` holds; it is asked again whenever something happened here."""
        async with asyncio.timeout(timeout_seconds):
            while not predicate():
                self._changed.clear()
                await self._changed.wait()

    async def translations(self, request: web.Request) -> web.StreamResponse:
        """Take one request for a translation through its whole life."""
        started = asyncio.get_running_loop().time()
        visit = _Visit(
            self._forgotten + len(self.requests),
            TranslationRequest(datetime.now(UTC), self._is_authorized(request), request.content_length),
        )
        self.requests.append(visit.record)
        self._note(visit)
        self._count(+1)
        try:
            answer = await self._decide(request, visit)
            await asyncio.sleep(self._delay(visit) - (asyncio.get_running_loop().time() - started))
            await self.gate.wait()
            return await self._hand_over(request, visit, answer)
        finally:
            self._note(visit, duration=asyncio.get_running_loop().time() - started)
            self._count(-1)

    async def list_models(self, request: web.Request) -> web.StreamResponse:
        """Show the models: the way to prove a key without cost."""
        if not self._is_authorized(request):
            return _response(_wrong_key(), "models")
        data = [
            {"id": model, "object": "model", "created": 0, "owned_by": "sandbox"} for model in self.models
        ]
        return web.json_response({"object": "list", "data": data})

    async def _decide(self, request: web.Request, visit: _Visit) -> Answer:
        """Judge a request and do its work. The rules come first, so a script is for good requests only."""
        try:
            if not visit.record.authorization_ok:
                return _wrong_key()
            form = await read_form(request)
            self._note(visit, fields=form.fields, file_name=form.file_name, file_bytes=len(form.content))
            form.check(self.models, refused=self.refused_extensions, is_measured=self.measures_files)
            scripted = self._script.popleft() if self._script else self.always
            answer = await self._work(form, visit)
        except RefusedError as error:
            return error.answer
        if scripted is None:
            return answer
        return replace(answer, fault=scripted.fault) if scripted.fault is Fault.DROP_AFTER_WORK else scripted

    async def _work(self, form: Form, visit: _Visit) -> Answer:
        """Listen, and translate what is known."""
        try:
            heard = await self._hear(form.content)
        except NoSoundError as error:
            raise RefusedError(400, "audio_too_short", _TOO_SHORT) from error
        except BotError as error:
            raise RefusedError(400, "invalid_request", _UNREADABLE) from error
        self._note(visit, seconds=heard.seconds)
        said: str | Sequence[tuple[float, float, str]] = ""
        if not self.hears_nothing:
            unknown = heard.sample.english if heard.sample else _stand_in(heard.seconds, form.prompt)
            said = unknown if heard.segments is None else heard.segments
        return translated(said, heard.seconds, form.response_format, form.temperature)

    async def _hear(self, content: bytes) -> Heard:
        # In a thread, since such ears are the test's own and may take their time.
        heard = await asyncio.to_thread(self.ears, content) if self.ears else None
        return heard or await self._hearing.hear(content)

    async def _hand_over(self, request: web.Request, visit: _Visit, answer: Answer) -> web.StreamResponse:
        if answer.fault is Fault.HANG:
            await self._released.wait()
        if answer.fault not in {Fault.DROP, Fault.HANG}:
            self._note(visit, status=answer.status)
        response = _response(answer, f"{visit.record.at:%Y%m%d%H%M%S}{visit.number:06}sandbox")
        if answer.fault is not Fault.NONE:
            cast("asyncio.Transport", request.transport).abort()  # still there: else we had been cancelled
            return response
        self._note(visit, answer=(response.text or "")[:MOST_OF_ANSWER])
        await response.prepare(request)
        await response.write_eof()
        self._note(visit, answered=True)
        return response

    def _delay(self, visit: _Visit) -> float:
        delay = self.delay_seconds
        return delay(visit.record) if callable(delay) else delay

    def _is_authorized(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.key}"

    def _count(self, change: int) -> None:
        self.in_flight += change
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        self._changed.set()

    def _note(self, visit: _Visit, **found: Any) -> None:  # noqa: ANN401 -- any field of the record
        """Complete the record of a request with what was found out about it, and say so."""
        visit.record = replace(visit.record, **found)
        if visit.number < self._forgotten:
            return
        self.requests[visit.number - self._forgotten] = visit.record
        for listener in self.listeners:
            listener(visit.number, visit.record)
        self._changed.set()


def _application(endpoint: EndpointSandbox) -> web.Application:
    application = web.Application(client_max_size=MOST_BYTES)
    application.router.add_post("/v1/audio/translations", endpoint.translations)
    application.router.add_get("/v1/models", endpoint.list_models, allow_head=False)
    application.router.add_route("*", "/{rest:.*}", _not_found)
    return application


async def _not_found(request: web.Request) -> web.StreamResponse:
    return _response(failing(404, message=f"Invalid URL ({request.method} {request.path})"), "none")


def _response(answer: Answer, request_id: str) -> web.Response:
    return web.Response(
        status=answer.status,
        text=answer.body.replace(REQUEST_ID, request_id),
        content_type=answer.content_type,
        headers={"X-Oneapi-Request-Id": request_id, **answer.headers},
    )


def _wrong_key() -> Answer:
    return failing(401, code="invalid_api_key", message="invalid token")


def _stand_in(seconds: float, prompt: str | None) -> str:
    """Say openly what this is, and what arrived."""
    hint = f"with the prompt “{prompt}”" if prompt else "without a prompt"
    return f"This is Dragoman's stand-in endpoint: it heard {seconds:.1f} seconds of sound, {hint}."
