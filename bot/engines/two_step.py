"""English in two steps: an endpoint writes down what was said, and a chat model translates that.

It outlives `/audio/translations`, and brings the words as they were said along.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.engines import Translation
from bot.engines.answers import TWICE
from bot.engines.audio import TRANSCRIPTIONS_PATH, AudioPath
from bot.engines.chat import lone_text, names_json_mode, read_reply, read_texts, refuses, request_for
from bot.engines.endpoint import REQUEST_SECONDS, Endpoint
from bot.engines.parts import Parts, has_words
from bot.engines.plausible import declines, declines_for_sure, is_plausible
from bot.engines.reading import read_transcription
from bot.errors import EndpointDownError, EndpointRefusedError, EndpointSlowError
from bot.language import is_english, language_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    import httpx

    from bot.engines import Ask, Transcription
    from bot.engines.chat import Reply
    from bot.engines.endpoint import Answer
    from bot.piece import Piece

    # What makes a piece and a question the same as before.
    Asked = tuple[str, int, int, str, float]

CHAT_PATH = "/chat/completions"
REMEMBERED_PIECES = 256
ENGLISH = "en"
SURE = 0.7


class TwoStepEngine:
    """The engine `two-step`: `/audio/transcriptions`, then `/chat/completions` for its segments."""

    name = "two-step"
    brings_original = True

    def __init__(  # noqa: PLR0913 -- the endpoint is four settings; the others are there for tests
        self,
        client: httpx.AsyncClient,
        *,
        base_url: str,
        key: str,
        transcription_model: str,
        chat_model: str,
        as_mp3: Callable[[Path], Awaitable[Path]] | None = None,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        """`as_mp3` makes the MP3 of a piece's FLAC; without it none is ever sent."""
        self._endpoint = Endpoint(client, base_url=base_url, key=key, request_seconds=request_seconds)
        self._original = AudioPath(
            self._endpoint, TRANSCRIPTIONS_PATH, model=transcription_model, as_mp3=as_mp3
        )
        self._chat_model = chat_model
        self._is_plain = False
        # What is paid for stays, while a piece is tried again: its transcript, and the parts that are done.
        self._begun: OrderedDict[Asked, Parts] = OrderedDict()

    async def translate(self, piece: Piece, ask: Ask) -> Translation:
        """Ask for the words, then for their English. FileNotFoundError passes: the piece is gone."""
        asked = (piece.path, piece.index, piece.size_bytes, ask.prompt, ask.temperature)
        parts = self._begun.get(asked) or Parts.of(await self.transcribe(piece, ask), piece)
        self._remember(asked, parts)
        heard, language = parts.heard, _language(parts.heard)
        if not has_words(heard.text):
            translation = Translation("", request_id=heard.request_id)
        elif _is_english(parts):
            segments = tuple(replace(segment, original=segment.text) for segment in parts.segments)
            translation = Translation(heard.text, segments, heard.request_id, heard.text, "en")
        else:
            request_id = await self._finish(parts, ask, language)
            segments = parts.translated()
            text = " ".join(segment.text for segment in segments if segment.text)
            translation = Translation(
                text, segments, f"{heard.request_id} {request_id}".strip(), heard.text, language
            )
        self._begun.pop(asked, None)  # many others may have taken its room
        return translation

    async def transcribe(self, piece: Piece, ask: Ask) -> Transcription:
        """Ask for the words as they were said. FileNotFoundError passes here, too."""
        answer = await self._original.ask(piece, ask)
        return read_transcription(answer.body, answer.headers)

    async def close(self) -> None:
        """Let go of connections."""
        await self._endpoint.close()

    def _remember(self, asked: Asked, parts: Parts) -> None:
        """Keep what is begun; what was given up long ago makes room."""
        self._begun[asked] = parts
        self._begun.move_to_end(asked)
        while len(self._begun) > REMEMBERED_PIECES:
            self._begun.popitem(last=False)

    async def _finish(self, parts: Parts, ask: Ask, language: str) -> str:
        """Translate the parts that are left; give the id of the last request.

        Models put segments together, and lose the count, the sooner the more there are. So a batch whose
        answer is not what was asked for goes in halves, down to single parts: at most two requests a part.
        """
        request_id = ""
        while batch := parts.next_batch():
            reply = await self._ask_chat(parts, batch, ask, language)
            texts = _texts(reply, batch)
            if texts is None and len(batch) == 1:
                if reply.is_cut:
                    raise EndpointDownError(detail="chat length", request_id=reply.request_id, tries=TWICE)
                texts = await self._ask_again(parts, batch, ask, language)
            if texts is None:
                parts.halve(batch)
                continue
            parts.take(_believed(parts, texts, reply))
            request_id = reply.request_id
        return request_id

    async def _ask_again(
        self, parts: Parts, batch: dict[int, str], ask: Ask, language: str
    ) -> dict[int, str]:
        """Ask for a single part once more, after an answer without the structure.

        To be understood it needs none, unless it was one of many: a model that says the same to everything
        would be believed part by part. But then it must look like the English of what was said: it may be a
        refusal, or the answer to what was said.
        """
        reply = await self._ask_chat(parts, batch, ask, language)
        if texts := _texts(reply, batch):
            return texts
        if not (parts.halves or reply.is_cut) and (text := lone_text(reply.content)):
            (source,) = batch.values()
            if declines(text, source):
                raise _refused(reply)
            if is_plausible(text, source):
                return dict.fromkeys(batch, text)
        raise EndpointDownError(detail="chat structure", request_id=reply.request_id, tries=TWICE)

    async def _ask_chat(self, parts: Parts, batch: dict[int, str], ask: Ask, language: str) -> Reply:
        """Ask for the English of some parts, once more where JSON mode is all that is refused."""
        answer = await self._post(parts, batch, ask, language)
        if not self._is_plain_for(parts) and names_json_mode(answer.status, answer.body):
            parts.is_plain = True
            answer = await self._post(parts, batch, ask, language)
        if not answer.is_good:
            error = self._endpoint.error(answer)
            error.detail = f"chat {error.detail}"
            if isinstance(error, EndpointSlowError):
                raise _of_parts(parts, batch, error) from error
            raise error
        self._is_plain = self._is_plain_for(parts)
        return read_reply(answer.body, answer.headers)

    async def _post(self, parts: Parts, batch: dict[int, str], ask: Ask, language: str) -> Answer:
        """Send one request for some parts."""
        is_plain = self._is_plain_for(parts)
        request = request_for(self._chat_model, batch, ask, language=language, is_plain=is_plain)
        try:
            return await self._endpoint.post_json(CHAT_PATH, request)
        except EndpointSlowError as error:
            raise _of_parts(parts, batch, error) from error

    def _is_plain_for(self, parts: Parts) -> bool:
        return self._is_plain or parts.is_plain


def _texts(reply: Reply, batch: dict[int, str]) -> dict[int, str] | None:
    """Read the English of each part; None where it was cut off, or is not all there."""
    if reply.is_cut:
        return None
    texts = read_texts(reply.content, batch)
    if texts is None and refuses(reply.content, " ".join(batch.values())):
        raise _refused(reply)
    return texts


def _believed(parts: Parts, texts: dict[int, str], reply: Reply) -> dict[int, str]:
    """Give the texts that are taken. A refusal in the form of an answer is one, where it is said twice."""
    if any(
        declines_for_sure(texts[number], parts.texts[number][1]) for number in parts.doubted & texts.keys()
    ):
        raise _refused(reply)
    return parts.believe(texts)


def _refused(reply: Reply) -> EndpointRefusedError:
    return EndpointRefusedError(detail="chat refused", request_id=reply.request_id)


def _of_parts(parts: Parts, batch: dict[int, str], error: EndpointSlowError) -> EndpointDownError:
    """Ask for less text at once. To halve the sound would be no help: its words are here, and paid for."""
    parts.halve(batch)
    return EndpointDownError(
        error.detail,
        retry_after_seconds=error.retry_after_seconds,
        request_id=error.request_id,
        tries=error.tries,
    )


def _language(heard: Transcription) -> str:
    """Say what was spoken: by the endpoint's word, unless it says English and the words are plainly not."""
    told = heard.source_language
    if told and not (told == ENGLISH and is_english(heard.text) is False):
        return told
    guess = language_of(heard.text)
    return guess.language if guess and guess.probability >= SURE else ""


def _is_english(parts: Parts) -> bool:
    """Say whether all is English already; where that is not sure, to translate it does no harm."""
    if any(is_english(text) is False for text in (parts.heard.text, *(text for _, text in parts.texts))):
        return False
    told = parts.heard.source_language
    return told == ENGLISH or (not told and is_english(parts.heard.text) is True)
