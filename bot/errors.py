"""Every way a share can fail to become a translation, with what the person in the thread reads.

One tree. The class says the `reason` (a fixed word that stands in the reply's metadata), the `text`
of two sentences (what happened, what to do), and whether another try can help. Foreign exceptions
become one of these where the foreign call is made, with `raise … from`. A text that names a limit has a
gap for it, which `terms.py` fills.
"""

from __future__ import annotations

from typing import ClassVar


class BotError(Exception):
    """A share cannot be translated; `reason` and `text` say why and what to do.

    `detail` is for the log: ids, statuses, codes. Never a text, a prompt, a token or a key.
    """

    reason: ClassVar[str]
    text: ClassVar[str]
    can_be_retried: ClassVar[bool] = False

    def __init__(self, detail: str = "", *, retry_after_seconds: float | None = None) -> None:
        super().__init__(detail or self.reason)
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds


class OutcomeError(Exception):
    """The road ends here, and not because something failed. `detail` is what the ending needs to know."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class WithdrawnError(OutcomeError):
    """The source was deleted, so nobody waits for an answer: nothing is posted."""


class SkippedError(OutcomeError):
    """What looked like a recording is none (a Slack Connect stub tells only later): nothing is posted."""


class SilentError(OutcomeError):
    """All of the recording is silence: nothing was sent, and *no speech* is the answer."""


class AlreadyEnglishError(OutcomeError):
    """The recording is in English, and its channel wants no translation of such: nothing was sent."""


class UnconfirmedError(OutcomeError):
    """The recording is longer than what is translated unasked; `detail` is its length in seconds."""


class BrokenError(BotError):
    """Something of ours broke: a full disk, a fault in the program. The log has the traceback."""

    reason = "not_ready"
    text = (
        "Something went wrong on my side, not with your recording. "
        "Wait a minute, then copy the message's link and send `/translate LINK`."
    )


# --- download -----------------------------------------------------------------------------------


class DownloadForbiddenError(BotError):
    """Slack shows its sign-in page or refuses: a missing scope, or a file the bot may not see."""

    reason = "download_forbidden"
    text = (
        "Slack doesn't let me open this file. "
        "Ask an admin to check that I am in the conversation it comes from and to reinstall the app."
    )


class ForeignHostError(BotError):
    """The address lies outside Slack; the token goes to Slack only, so nothing was fetched."""

    reason = "download_forbidden"
    text = (
        "This file is kept outside Slack, where I don't go. "
        "Upload the recording to Slack itself and I will translate it."
    )


class NotReadyError(BotError):
    """Slack has not finished the upload, or handed over less than the whole file, in several tries."""

    reason = "not_ready"
    text = (
        "Slack didn't hand me the whole file in time. "
        "Wait a minute, then copy the message's link and send `/translate LINK`."
    )


class DeletedError(BotError):
    """The file is gone although its message still stands."""

    reason = "deleted"
    text = "This file is no longer in Slack. If you still have the recording, post it again."


class HiddenByLimitError(BotError):
    """A free workspace hides files beyond its limit; only id and mode are left."""

    reason = "deleted"
    text = (
        "Slack hides this file because the workspace is over its storage limit. "
        "Post the recording again and I will translate it."
    )


class ExternalFileError(BotError):
    """A link to Google Drive or the like: there is nothing to download from Slack."""

    reason = "external"
    text = (
        "This file is only linked from another service. "
        "Upload the recording to Slack itself and I will translate it."
    )


class TooLargeError(BotError):
    """The file is larger than we take, or the endpoint said so."""

    reason = "too_large"
    text = "This file is larger than the {max_file_mb} MB I take. Split the recording and post the parts."


class TooLongError(BotError):
    """The recording is longer than we take."""

    reason = "too_long"
    text = "This recording is longer than I take ({max_minutes} min). Split it and post the parts."


# --- prepare ------------------------------------------------------------------------------------


class NotDecodableError(BotError):
    """Nothing in the file can be decoded as sound."""

    reason = "not_decodable"
    text = (
        "I can't read this file as a recording; it may be damaged or not audio at all. "
        "Try to play it, then export it as MP3 or M4A and post it again."
    )


class EmptyFileError(BotError):
    """The file has no bytes."""

    reason = "not_decodable"
    text = "This file is empty. Record or export it again and post it once more."


class NoSoundError(BotError):
    """A video without an audio track, or a track without a single sample."""

    reason = "no_sound"
    text = "There is no sound in this file. Check the microphone and post the recording again."


# --- translate ----------------------------------------------------------------------------------


class EndpointError(BotError):
    """Whatever the translation endpoint could not or would not do.

    `request_id` is the endpoint's own, for the log. `tries` says how many times one piece may meet
    this very fault before it is final, where trying again can help at all.
    """

    def __init__(
        self,
        detail: str = "",
        *,
        retry_after_seconds: float | None = None,
        request_id: str = "",
        tries: int = 5,
    ) -> None:
        super().__init__(detail, retry_after_seconds=retry_after_seconds)
        self.request_id = request_id
        self.tries = tries


class EndpointKeyError(EndpointError):
    """The key or the address of the endpoint is wrong."""

    reason = "endpoint_key"
    text = (
        "The translation service doesn't accept my key. "
        "Please tell the person who runs Dragoman to check the key and the service's address."
    )


class EndpointCreditError(EndpointError):
    """The account or the key has no money left."""

    reason = "endpoint_credit"
    text = (
        "The translation service says that its credit is used up. "
        "Please tell the person who runs Dragoman to top it up."
    )


class EndpointModelError(EndpointError):
    """The endpoint does not offer the model (any more): `whisper-1` ends on 2027-02-26."""

    reason = "endpoint_model"
    text = (
        "The translation service no longer offers the model I use. "
        "Please tell the person who runs Dragoman to choose another."
    )


class LocalModelError(EndpointModelError):
    """The model of the engine `local` is not there, or cannot be used; `detail` says why, for the log."""

    text = (
        "I can't load the model that I translate with. "
        "Please tell the person who runs Dragoman to check `LOCAL_MODEL`."
    )


class OriginalModelError(EndpointModelError):
    """The endpoint does not offer the model that writes down the words as they were said.

    No share fails of it: the English comes without them.
    """


class EndpointRetiredError(EndpointError):
    """The model was `whisper-1`, and the endpoint has it no longer: its maker ends it on 2027-02-26.

    A sibling of `EndpointModelError` with the same reason; the remedy is another engine.
    """

    reason = "endpoint_model"
    text = (
        "The translation service no longer offers my model, whisper-1, which its maker ends on 2027-02-26: "
        "please tell the person who runs Dragoman to set `TRANSLATION_ENGINE` to `two-step`."
    )


class NotEnglishError(EndpointError):
    """What came back is not English: the model can write down speech, but cannot translate it."""

    reason = "endpoint_model"
    text = (
        "The translation service wrote this recording down in its own language instead of English. "
        "Please tell the person who runs Dragoman to choose a model that can translate."
    )


class EndpointRefusedError(EndpointError):
    """The endpoint refuses this very request; sending it again would not help."""

    reason = "endpoint_refused"
    text = (
        "The translation service refused this recording. "
        "Try again later; if that fails too, tell the person who runs Dragoman."
    )


class EndpointTooLargeError(EndpointError):
    """The endpoint says that the request is too large."""

    reason = "too_large"
    text = "This recording is too large for the translation service. Split it and post the parts."


class EndpointDownError(EndpointError):
    """The endpoint is out of order, unreachable or talks nonsense; later it may work."""

    reason = "endpoint_down"
    text = (
        "The translation service is not answering properly right now. "
        "Try again in a few minutes: copy the message's link and send `/translate LINK`."
    )
    can_be_retried = True


class EndpointSlowError(EndpointDownError):
    """The endpoint, or a gateway before it, needs longer for this than anybody waits: less may go through."""


class EndpointBusyError(EndpointDownError):
    """The endpoint works, but takes no more right now (429 and its kin): no sign that it is down."""

    text = (
        "The translation service has more to do right now than it can take. "
        "Try again in a few minutes: copy the message's link and send `/translate LINK`."
    )


REASONS = frozenset(
    {
        "download_forbidden",
        "not_ready",
        "deleted",
        "external",
        "too_large",
        "too_long",
        "not_decodable",
        "no_sound",
        "endpoint_key",
        "endpoint_credit",
        "endpoint_model",
        "endpoint_down",
        "endpoint_refused",
        "budget",
    }
)
