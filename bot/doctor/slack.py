"""Ask Slack whether the tokens are good, whether the bot may do what it does, and where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.checks import BOT_TOKEN, WaitError, check_app_token, check_bot_token
from bot.config import ConfigFaults
from bot.doctor.finding import fail, ok, warn
from bot.manifest import SCOPES
from bot.web_api import SlackRefusedError, SlackUnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.doctor.finding import Finding
    from bot.doctor.patient import Patient

PER_PAGE, MOST_PAGES = 200, 10
MOST_WAIT_SECONDS = 10
TO_REACH_SLACK = "check the network, HTTPS_PROXY and SLACK_API_URL, or try again later"
TO_RENEW = "paste what `dragoman manifest` prints into the app's settings and reinstall the app"
TO_NAME_ONE = "set it to the id of a channel that the app is in, or of a person"


async def bot_token(patient: Patient) -> Finding:
    """Say which workspace the token is of, and who the bot is there."""
    try:
        await check_bot_token(patient.web_api)
        said = await _ask(patient, "auth.test")
    except ConfigFaults as faults:
        return _refused(faults)
    except (WaitError, SlackRefusedError, SlackUnreachableError) as error:
        return _away(error)
    patient.bot_name = said.get("user") or ""
    return ok(f"{BOT_TOKEN} is that of @{patient.bot_name} in the workspace {said.get('team', '')}")


async def scopes(patient: Patient) -> Finding:
    """Compare the scopes that were granted with those of the manifest."""
    granted = patient.web_api.scopes
    if granted is None:
        return warn("Slack does not say which scopes were granted", TO_RENEW)
    if missing := [scope for scope in SCOPES if scope not in granted]:
        return fail(f"not granted: {', '.join(missing)}", TO_RENEW)
    return ok(f"all {len(SCOPES)} of the manifest are granted")


async def app_token(patient: Patient) -> Finding:
    """Ask for a websocket's address, which shows that Socket Mode works."""
    try:
        await check_app_token(patient.web_api, patient.config.slack_app_token.get_secret_value())
    except ConfigFaults as faults:
        return _refused(faults)
    except WaitError as error:
        return _away(error)
    return ok("SLACK_APP_TOKEN opens Socket Mode")


async def signing_secret(patient: Patient) -> Finding:
    """Say that the secret is set: only a request of Slack's own can prove that it is the right one."""
    del patient
    return ok("SLACK_SIGNING_SECRET is set; whether it is the right one shows with Slack's first request")


async def membership(patient: Patient) -> Finding:
    """Count the channels that the bot is in."""
    count, cursor = 0, ""
    try:
        for _ in range(MOST_PAGES):
            page = await _ask(
                patient,
                "users.conversations",
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=PER_PAGE,
                cursor=cursor or None,
            )
            count += len(page.get("channels") or [])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                break
    except SlackRefusedError as error:
        return warn(f"Slack does not say where the bot is ({error.error})", TO_RENEW)
    except SlackUnreachableError as error:
        return _away(error)
    if not count:
        return warn("the bot is in no channel", f"/invite @{patient.bot_name} in a channel")
    most = "more than " if cursor else ""
    return ok(f"the bot is in {most}{count} channel{'s' if count > 1 else ''}")


async def alert_channel(patient: Patient) -> Finding:
    """Look whether alerts would reach somebody."""
    channel = patient.config.alert_channel
    if not channel:
        return warn("ALERT_CHANNEL is not set: nobody hears of trouble with key, money or model", TO_NAME_ONE)
    is_person = channel.startswith(("U", "W"))
    try:
        if is_person:
            return _of_person(channel, await _ask(patient, "users.info", user=channel))
        return _of_channel(channel, patient, await _ask(patient, "conversations.info", channel=channel))
    except SlackRefusedError as error:
        more = "" if is_person else f"; a private channel has to invite @{patient.bot_name} first"
        found = f"ALERT_CHANNEL {channel} cannot be reached ({error.error})"
        return fail(found, TO_NAME_ONE + more)
    except SlackUnreachableError as error:
        return _away(error)


def _of_person(channel: str, said: Mapping[str, Any]) -> Finding:
    if (said.get("user") or {}).get("deleted"):
        return fail(f"ALERT_CHANNEL {channel} is a person who has left", TO_NAME_ONE)
    return ok(f"ALERT_CHANNEL {channel} is a person")


def _of_channel(channel: str, patient: Patient, said: Mapping[str, Any]) -> Finding:
    shown = said.get("channel") or {}
    if shown.get("is_archived"):
        return fail(f"ALERT_CHANNEL {channel} is archived", TO_NAME_ONE)
    if not (shown.get("is_member") or shown.get("is_im")):
        return fail(f"the bot is not in ALERT_CHANNEL {channel}", f"/invite @{patient.bot_name} there")
    return ok(f"ALERT_CHANNEL {channel} can be reached")


async def _ask(patient: Patient, method: str, **arguments: object) -> dict[str, Any]:
    return await patient.web_api.call(method, longest_wait_seconds=MOST_WAIT_SECONDS, **arguments)


def _refused(faults: ConfigFaults) -> Finding:
    """Split what the start would say into what was found and the remedy."""
    found, _, remedy = str(faults).partition(": ")
    return fail(found, remedy)


def _away(error: Exception) -> Finding:
    return fail(f"Slack does not answer properly ({error})", TO_REACH_SLACK)
