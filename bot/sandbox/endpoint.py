"""The embedded endpoint: `/v1` of an OpenAI-compatible server on this machine, strict as the real ones are.

It knows the shipped samples by their sound, and answers their English or their own words. Of all other
sound it says that it is a stand-in, and what it received. Every request is kept for a test, or a page, to
look at.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self, cast

from aiohttp import web

from bot.errors import BotError, NoSoundError
from bot.language import tag_of
from bot.sandbox import endpoint_chat
from bot.sandbox.endpoint_answers import REQUEST_ID, Answer, Fault, Spoken, failing, spoken
from bot.sandbox.endpoint_form import (
    MOST_BYTES,
    TRANSCRIPTION_FIELDS,
    Form,
    RefusedError,
    Rules,
    read_form,
    read_json,
)
from bot.sandbox.endpoint_records import AudioRequest, Book, ChatRequest, Record, Visit
from bot.sandbox.hearing import Hearing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.sandbox.hearing import Heard

HOST: Final = "127.0.0.1"
MOST_OF_ANSWER: Final = 2000
_TOO_SHORT: Final = "Audio file is too short. Minimum audio length is 0.1 seconds."
_UNREADABLE: Final = "The audio file could not be decoded or its format is not supported."


class EndpointSandbox:
    """The server. Use it as `async with EndpointSandbox() as endpoint`.

    `requests` has every request for a translation, in order, `transcriptions` and `chats` those others.
    `delay_seconds` is how long an answer takes (a number, or a function of a request with sound); `always`
    answers all sound that no script has an answer for, `always_chat` all chats; `models` are those it offers
    for translations, `transcription_models` and `chat_models` for the others; `shutdown_dates` says of some
    when they end. `timeless_models` know JSON and text only. `hears_nothing` makes every text empty;
    `gate`, while it is cleared, holds every answer back. `ears` are asked what a file says before it is
    listened to in a child, and `tongue` what a text means in English that the samples do not say; where
    they say None, the usual follows. `refused_extensions` (such as ".flac") are not taken, as
    OpenAI says it, or, with `measures_files`, as a gateway says it that can't measure them; nor is JSON mode
    in a chat without `knows_json_mode`. `listeners` get the number and the new state of each request for a
    translation that changes.
    """

    def __init__(self, *, port: int = 0, key: str = "sandbox-key") -> None:
        self.key = key
        self.delay_seconds: float | Callable[[AudioRequest], float] = 0.0
        self.always: Answer | None = None
        self.always_chat: Answer | None = None
        self.models: tuple[str, ...] = ("whisper-1",)
        self.transcription_models: tuple[str, ...] = ("gpt-transcribe", "whisper-1")
        self.timeless_models: frozenset[str] = frozenset({"gpt-transcribe"})
        self.chat_models: tuple[str, ...] = ("gpt-5-mini",)
        self.shutdown_dates: dict[str, str] = {}
        self.knows_json_mode = True
        self.hears_nothing = False
        self.ears: Callable[[bytes], Heard | None] | None = None
        self.tongue: Callable[[str], str | None] | None = None
        self.refused_extensions: frozenset[str] = frozenset()
        self.measures_files = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.listeners: list[Callable[[int, AudioRequest], None]] = []
        self.in_flight = 0
        self.max_in_flight = 0
        self._port = port
        self._released = asyncio.Event()
        self._changed = asyncio.Event()
        self._translations: Book[AudioRequest] = Book(self._tell)
        self._transcriptions: Book[AudioRequest] = Book(self._stir)
        self._chats: Book[ChatRequest] = Book(self._stir)
        self._hearing = Hearing()
        self._runner = web.AppRunner(
            _application(self), handler_cancellation=True, shutdown_timeout=0.5, access_log=None
        )

    @property
    def base_url(self) -> str:
        """What `TRANSLATION_BASE_URL` is set to."""
        return f"http://{HOST}:{self._port}/v1"

    @property
    def requests(self) -> list[AudioRequest]:
        """Every request for a translation."""
        return self._translations.requests

    @property
    def transcriptions(self) -> list[AudioRequest]:
        """Every request for a transcription."""
        return self._transcriptions.requests

    @property
    def chats(self) -> list[ChatRequest]:
        """Every request to a chat model."""
        return self._chats.requests

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
        """Queue what the next good requests for a translation get, one each; None is the usual work."""
        self._translations.plan(*answers)

    def script_transcription(self, *answers: Answer | None) -> None:
        """Queue likewise what the next good requests for a transcription get."""
        self._transcriptions.plan(*answers)

    def script_chat(self, *answers: Answer | None) -> None:
        """Queue likewise what the next good chats get."""
        self._chats.plan(*answers)

    def numbered(self) -> list[tuple[int, AudioRequest]]:
        """Give the requests for translations with their numbers, which go on counting after `forget`."""
        return self._translations.numbered()

    def release(self) -> None:
        """Cut the connections of all that hang now; later ones hang anew."""
        self._released.set()
        self._released = asyncio.Event()

    def forget(self) -> None:
        """Forget every request and what was planned; those under way end on their own, unrecorded."""
        self._translations.forget()
        self._transcriptions.forget()
        self._chats.forget()
        self.delay_seconds, self.always, self.always_chat, self.hears_nothing = 0.0, None, None, False
        self.gate.set()
        self.release()

    async def wait_for(self, predicate: Callable[[], bool], *, timeout_seconds: float = 10) -> None:
        """Wait until `predicate` holds; it is asked again whenever something happened here."""
        async with asyncio.timeout(timeout_seconds):
            while not predicate():
                self._changed.clear()
                await self._changed.wait()

    async def translate(self, request: web.Request) -> web.StreamResponse:
        """Take one request for a translation through its whole life."""
        rules = Rules(self.models, refused=self.refused_extensions, is_measured=self.measures_files)
        return await self._take_sound(request, self._translations, rules, is_original=False)

    async def transcribe(self, request: web.Request) -> web.StreamResponse:
        """Take one request for a transcription through its whole life."""
        rules = Rules(
            self.transcription_models,
            TRANSCRIPTION_FIELDS,
            self.timeless_models,
            self.refused_extensions,
            self.measures_files,
        )
        return await self._take_sound(request, self._transcriptions, rules, is_original=True)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Take one request to a chat model through its whole life."""
        visit = self._chats.open(ChatRequest(*self._arrived(request)))

        async def decide() -> Answer:
            body = await read_json(request)
            visit.note(body=body)
            endpoint_chat.check(body, self.chat_models, knows_json_mode=self.knows_json_mode)
            scripted = self._chats.next_planned(self.always_chat)
            return _chosen(scripted, endpoint_chat.answered(body, self.tongue))

        return await self._take(request, visit, decide)

    async def list_models(self, request: web.Request) -> web.StreamResponse:
        """Show the models: the way to prove a key without cost."""
        if not self._is_authorized(request):
            return _response(_wrong_key(), "models")
        data = [
            {"id": model, "object": "model", "created": 0, "owned_by": "sandbox"}
            | ({"shutdown_date": self.shutdown_dates[model]} if model in self.shutdown_dates else {})
            for model in dict.fromkeys((*self.models, *self.transcription_models, *self.chat_models))
        ]
        return web.json_response({"object": "list", "data": data})

    async def _take_sound(
        self, request: web.Request, book: Book[AudioRequest], rules: Rules, *, is_original: bool
    ) -> web.StreamResponse:
        visit = book.open(AudioRequest(*self._arrived(request)))

        async def decide() -> Answer:
            form = await read_form(request)
            visit.note(fields=form.fields, file_name=form.file_name, file_bytes=len(form.content))
            form.check(rules)
            scripted = book.next_planned(self.always)
            names_languages = is_original and form.fields["model"] in self.timeless_models
            told = await self._listen(form, visit, is_original=is_original)
            usual = spoken(told, form.response_format, form.temperature, names_languages=names_languages)
            return _chosen(scripted, usual)

        def delay() -> float:
            return self.delay_seconds(visit.record) if callable(self.delay_seconds) else self.delay_seconds

        return await self._take(request, visit, decide, delay)

    async def _take(
        self,
        request: web.Request,
        visit: Visit[Record],
        decide: Callable[[], Awaitable[Answer]],
        delay: Callable[[], float] | None = None,
    ) -> web.StreamResponse:
        """Judge a request, do its work and answer. The rules come first: a script is for good ones only."""
        started = asyncio.get_running_loop().time()
        self._count(+1)
        try:
            try:
                answer = await decide() if visit.record.authorization_ok else _wrong_key()
            except RefusedError as error:
                answer = error.answer
            seconds = delay() if delay else 0.0 if callable(self.delay_seconds) else self.delay_seconds
            await asyncio.sleep(seconds - (asyncio.get_running_loop().time() - started))
            await self.gate.wait()
            return await self._hand_over(request, visit, answer)
        finally:
            visit.note(duration=asyncio.get_running_loop().time() - started)
            self._count(-1)

    async def _listen(self, form: Form, visit: Visit[AudioRequest], *, is_original: bool) -> Spoken:
        """Listen, and say what is known of it."""
        try:
            heard = await self._hear(form.content)
        except NoSoundError as error:
            raise RefusedError(400, "audio_too_short", _TOO_SHORT) from error
        except BotError as error:
            raise RefusedError(400, "invalid_request", _UNREADABLE) from error
        visit.note(seconds=heard.seconds)
        if self.hears_nothing:
            return Spoken("", heard.seconds, is_original=is_original)
        if heard.segments is not None:
            return Spoken(heard.segments, heard.seconds, is_original=is_original)
        sample = heard.sample
        if sample and is_original:
            return Spoken(sample.original, heard.seconds, tag_of(sample.language), is_original=True)
        said = sample.english if sample else _stand_in(heard.seconds, form.prompt)
        return Spoken(said, heard.seconds, is_original=is_original)

    async def _hear(self, content: bytes) -> Heard:
        # In a thread, since such ears are the test's own and may take their time.
        heard = await asyncio.to_thread(self.ears, content) if self.ears else None
        return heard or await self._hearing.hear(content)

    async def _hand_over(
        self, request: web.Request, visit: Visit[Record], answer: Answer
    ) -> web.StreamResponse:
        if answer.fault is Fault.HANG:
            await self._released.wait()
        if answer.fault not in {Fault.DROP, Fault.HANG}:
            visit.note(status=answer.status)
        response = _response(answer, f"{visit.record.at:%Y%m%d%H%M%S}{visit.number:06}sandbox")
        if answer.fault is not Fault.NONE:
            cast("asyncio.Transport", request.transport).abort()  # still there: else we had been cancelled
            return response
        visit.note(answer=(response.text or "")[:MOST_OF_ANSWER])
        await response.prepare(request)
        await response.write_eof()
        visit.note(answered=True)
        return response

    def _arrived(self, request: web.Request) -> tuple[datetime, bool, int | None]:
        return datetime.now(UTC), self._is_authorized(request), request.content_length

    def _is_authorized(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.key}"

    def _count(self, change: int) -> None:
        self.in_flight += change
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        self._changed.set()

    def _tell(self, number: int, record: AudioRequest) -> None:
        """Say what changed of a request for a translation."""
        for listener in self.listeners:
            listener(number, record)
        self._changed.set()

    def _stir(self, *_: Any) -> None:  # noqa: ANN401 -- whatever changed, who waits looks for himself
        self._changed.set()


def _application(endpoint: EndpointSandbox) -> web.Application:
    application = web.Application(client_max_size=MOST_BYTES)
    application.router.add_post("/v1/audio/translations", endpoint.translate)
    application.router.add_post("/v1/audio/transcriptions", endpoint.transcribe)
    application.router.add_post("/v1/chat/completions", endpoint.chat)
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


def _chosen(scripted: Answer | None, usual: Answer) -> Answer:
    """Choose between what was planned and the usual work, which may be lost on its way back."""
    if scripted is None:
        return usual
    return replace(usual, fault=scripted.fault) if scripted.fault is Fault.DROP_AFTER_WORK else scripted


def _wrong_key() -> Answer:
    return failing(401, code="invalid_api_key", message="invalid token")


def _stand_in(seconds: float, prompt: str | None) -> str:
    """Say openly what this is, and what arrived."""
    hint = f"with the prompt “{prompt}”" if prompt else "without a prompt"
    return f"This is Dragoman's stand-in endpoint: it heard {seconds:.1f} seconds of sound, {hint}."
