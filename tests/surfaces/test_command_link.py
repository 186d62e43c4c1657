from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command_office import CLIP, NOTES, SONG, Office, open_office

from bot.sandbox.faults import Fault
from bot.sandbox.messages import permalink
from bot.sandbox.records import SharedFile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NOT_FOUND = "I can't find that message in a conversation that both of us can see."
NO_FILE = "I can't find that file in a conversation that both of us can see."


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Give a workspace in which the command works."""
    async with open_office(tmp_path) as office:
        yield office


def file_link(office: Office, channel: str, ts: str) -> str:
    """Give the link of the first file of a message."""
    workspace = office.slack.workspace
    file = workspace.message(workspace.channel(channel), ts).files[0]
    return f"{office.slack.url}/files/{file.user}/{file.id}/{file.name}"


# --- messages -----------------------------------------------------------------------------------


async def test_message_of_this_channel(office: Office) -> None:
    """A message's link starts its recordings, with the channel's prompt, whatever the mode."""
    ts = await office.slack.share([CLIP, SONG])
    await office.type("off")
    await office.type("prompt Zendesk")
    link = office.slack.permalink("support", ts)

    answer = await office.type(link)

    assert answer == f"On it: the English will stand in the thread of <{link}>"
    assert [(job.share.ts, job.share.position, job.prompt) for job in office.jobs.started] == [
        (ts, 1, "Zendesk"),
        (ts, 2, "Zendesk"),
    ]


async def test_message_in_a_thread(office: Office) -> None:
    """A reply's link finds the reply; its answer belongs into the thread of its parent."""
    parent = await office.slack.share(SONG)
    ts = await office.slack.share(CLIP, thread_ts=parent)
    link = office.slack.permalink("support", ts)
    assert "thread_ts=" in link

    answer = await office.type(link)

    (job,) = office.jobs.started
    assert (job.share.ts, job.share.thread_ts, job.share.file.name) == (ts, parent, "clip.m4a")
    assert answer.endswith(f"<{link.replace('&', '&amp;')}>")


async def test_reply_linked_without_its_thread(office: Office) -> None:
    """A reply is found also by a link that does not name the thread."""
    parent = await office.slack.say("listen to this")
    ts = await office.slack.share(CLIP, thread_ts=parent)
    await office.type(office.slack.permalink("support", ts).partition("?")[0])
    assert [(job.share.ts, job.share.thread_ts) for job in office.jobs.started] == [(ts, parent)]


@pytest.mark.parametrize("is_reply", [True, False])
async def test_replies_that_slack_denies(office: Office, *, is_reply: bool) -> None:
    """When Slack denies the message by its own ts, it is found the other way."""
    parent = await office.slack.say("listen to this") if is_reply else None
    ts = await office.slack.share(CLIP, thread_ts=parent)
    office.slack.faults.add(Fault("error", method="conversations.replies", error="thread_not_found"))
    await office.type(office.slack.permalink("support", ts))
    assert [job.share.ts for job in office.jobs.started] == [ts]


async def test_prompt_of_the_source(office: Office) -> None:
    """A message elsewhere is translated with the prompt of its own channel, and answered there."""
    ts = await office.slack.share(CLIP, channel="sales")
    await office.type("prompt Support words")
    await office.type("prompt Sales words", channel="sales")
    await office.type(office.slack.permalink("sales", ts))
    (job,) = office.jobs.started
    assert (job.share.channel_id, job.prompt) == (office.channel_id("sales"), "Sales words")


async def test_typed_where_the_bot_is_not(office: Office) -> None:
    """A link works also from a conversation that the bot is not in: the answer stands at the source."""
    ts = await office.slack.share(CLIP)
    assert (await office.type(office.slack.permalink("support", ts), channel="random")).startswith("On it")


async def test_asked_twice_by_link(office: Office) -> None:
    """The second person to ask is told that the first one has."""
    ts = await office.slack.share(CLIP)
    link = office.slack.permalink("support", ts)
    await office.type(link)
    assert (await office.type(link, user="ben")).startswith("That is already being translated")
    assert len(office.jobs.started) == 1


# --- who may see it -----------------------------------------------------------------------------


async def test_private_channel_of_the_asker(office: Office) -> None:
    """A member of a private channel can ask for its recordings from elsewhere."""
    ts = await office.slack.share(CLIP, channel="leads")
    assert (await office.type(office.slack.permalink("leads", ts))).startswith("On it")


async def test_private_channel_of_others(office: Office) -> None:
    """Who is not in a private channel learns nothing of it, not even whether the message exists."""
    ts = await office.slack.share(CLIP, channel="leads")
    link = office.slack.permalink("leads", ts)
    refused = await office.type(link, user="guest")
    missing = await office.type(link[:-6] + "000001", user="guest")
    nowhere = await office.type(link.replace(office.channel_id("leads"), "C0NOWHERE"), user="guest")
    assert refused == missing == nowhere
    assert refused.startswith(NOT_FOUND)
    assert not office.jobs.started
    assert not office.slack.calls("conversations.replies")


async def test_direct_message_of_another(office: Office) -> None:
    """What ana sends the bot is nothing that ben can ask for."""
    ts = await office.slack.share(CLIP, channel="@ana")
    assert (await office.type(office.slack.permalink("@ana", ts), user="ben")).startswith(NOT_FOUND)
    assert (await office.type(office.slack.permalink("@ana", ts))).startswith("On it")


async def test_public_channel_without_being_in_it(office: Office) -> None:
    """A full member of the workspace may ask for what was posted in public; a guest may not."""
    office.slack.add_user("eva")
    ts = await office.slack.share(CLIP, channel="sales")
    link = office.slack.permalink("sales", ts)
    assert (await office.type(link, user="guest")).startswith(NOT_FOUND)
    assert (await office.type(link, user="eva")).startswith("On it")


async def test_guest_in_the_channel(office: Office) -> None:
    """A guest may ask for what was posted in a channel that the guest is in."""
    ts = await office.slack.share(CLIP)
    link = office.slack.permalink("support", ts)
    assert (await office.type(link, user="guest", channel="random")).startswith("On it")


async def test_person_of_another_company(office: Office) -> None:
    """Somebody whom Slack does not know in this workspace sees only what they are in."""
    office.slack.add_user("eva")
    ts = await office.slack.share(CLIP, channel="sales")
    office.slack.faults.add(Fault("error", method="users.info", error="user_not_found"))
    link = office.slack.permalink("sales", ts)
    assert (await office.type(link, user="eva")).startswith(NOT_FOUND)


async def test_member_on_a_later_page(office: Office) -> None:
    """In a channel with thousands of members every page is looked at."""
    crowd = [office.slack.add_user(f"user{number}") for number in range(905)]
    office.slack.add_channel("crowd", is_private=True, members=["ana", *crowd, "ben"])
    ts = await office.slack.share(CLIP, channel="crowd")
    assert (await office.type(office.slack.permalink("crowd", ts), user="ben")).startswith("On it")
    assert len(office.slack.calls("conversations.members")) == 2


async def test_members_that_slack_denies(office: Office) -> None:
    """Who cannot be seen to be a member is taken for none."""
    ts = await office.slack.share(CLIP, channel="leads")
    fault = Fault("error", method="conversations.members", error="fetch_members_failed")
    office.slack.faults.add(fault)
    assert (await office.type(office.slack.permalink("leads", ts))).startswith(NOT_FOUND)


# --- what cannot be translated ------------------------------------------------------------------


async def test_public_channel_that_the_bot_is_not_in(office: Office) -> None:
    """Who may see a channel that the bot is not in is told to invite it there; a guest learns nothing."""
    workspace = office.slack.workspace
    ts = await office.slack.share(CLIP, channel="random")
    link = permalink(workspace, workspace.message(workspace.channel("random"), ts))
    answer = await office.type(link)
    assert "I'm not in #random" in answer
    assert "invite me: /invite @Dragoman" in answer
    assert (await office.type(link, user="guest")).startswith(NOT_FOUND)
    assert not office.jobs.started


async def test_this_channel_without_the_bot(office: Office) -> None:
    """In a private channel without the bot, a link into it gets the invitation: the asker is there."""
    office.slack.add_channel("secret", is_private=True, bot_is_member=False)
    ts = await office.slack.share(CLIP, channel="secret")
    answer = await office.type(office.slack.permalink("secret", ts), channel="secret")
    assert "invite me: /invite @Dragoman" in answer


async def test_archived_channel(office: Office) -> None:
    """In an archived channel nobody can answer, and the person is told so."""
    ts = await office.slack.share(CLIP, channel="sales")
    office.slack.workspace.channel("sales").is_archived = True
    assert "#sales is archived" in await office.type(office.slack.permalink("sales", ts))
    assert not office.jobs.started


async def test_message_without_a_recording(office: Office) -> None:
    """A message that has no recording is said to have none."""
    ts = await office.slack.share(NOTES)
    answer = await office.type(office.slack.permalink("support", ts))
    assert answer.startswith("There is no audio or video file in that message.")


async def test_own_message(office: Office) -> None:
    """What the bot itself posted is nothing to translate."""
    workspace = office.slack.workspace
    ts = await office.slack.share(CLIP)
    channel = workspace.channel("support")
    own = workspace.post(channel, workspace.app.bot, "", files=workspace.message(channel, ts).files)
    assert (await office.type(permalink(workspace, own))).startswith("There is no audio or video file")


async def test_deleted_message(office: Office) -> None:
    """A deleted message that still has a thread is said to be deleted; one without a trace is not found."""
    ts, gone = await office.slack.share(CLIP), await office.slack.share(SONG)
    links = [office.slack.permalink("support", one) for one in (ts, gone)]
    await office.slack.say("thanks", thread_ts=ts)
    await office.slack.delete_message("support", ts)
    await office.slack.delete_message("support", gone)
    assert (await office.type(links[0])).startswith("That message was deleted.")
    assert (await office.type(links[1])).startswith(NOT_FOUND)


async def test_deleted_file(office: Office) -> None:
    """A message whose recording was deleted is said to have lost it."""
    ts = await office.slack.share(CLIP)
    file = office.slack.workspace.message(office.slack.workspace.channel("support"), ts).files[0]
    await office.slack.delete_file(file.id)
    answer = await office.type(office.slack.permalink("support", ts))
    assert answer.startswith("The recording in that message was deleted.")


async def test_hidden_file(office: Office) -> None:
    """A file that a free workspace hides is said to be hidden."""
    ts = await office.slack.share(SharedFile("old.mp3", data=b"sound", mode="hidden_by_limit"))
    answer = await office.type(office.slack.permalink("support", ts))
    assert answer.startswith("Slack hides this file")


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/song.mp3",
        "https://acme.slack.com.evil.com/archives/C0SUPPORT/p1795000000000100",
        "www.example.com/clip",
    ],
)
async def test_link_to_elsewhere(office: Office, text: str) -> None:
    """A link to elsewhere is refused and not followed."""
    answer = await office.type(text)
    assert answer.startswith("That is not a link to a Slack message or file.")
    assert not office.slack.calls("conversations.info")


async def test_two_links(office: Office) -> None:
    """With two links nothing is done, since one would be left out in silence."""
    ts = await office.slack.share(CLIP)
    link = office.slack.permalink("support", ts)
    assert "one link at a time" in await office.type(f"{link} {link}")
    assert not office.jobs.started


async def test_link_with_a_label(office: Office) -> None:
    """A link that Slack sends with a label, spaces in it and all, is one link."""
    ts = await office.slack.share(CLIP)
    body = await office.dispatch(f"<{office.slack.permalink('support', ts)}|listen to this>")
    assert body["text"].startswith("On it")


# --- files --------------------------------------------------------------------------------------


async def test_file(office: Office) -> None:
    """A file's link starts that file alone, in the message it was shared with."""
    ts = await office.slack.share([SONG, CLIP])
    link = file_link(office, "support", ts)

    answer = await office.type(link)

    (job,) = office.jobs.started
    assert (job.share.ts, job.share.file.name, job.share.of, job.after) == (ts, "song.mp3", 2, "")
    assert answer.endswith(f"<{office.slack.permalink('support', ts)}>")


async def test_file_shared_in_several_places(office: Office) -> None:
    """Of several places the newest counts that the person and the bot can both see."""
    first = await office.slack.share(CLIP)
    file_id = file_link(office, "support", first).split("/")[-2]
    second = await office.slack.share(file_id, channel="sales")
    await office.slack.share(file_id, channel="leads")
    link = file_link(office, "support", first)
    office.slack.add_user("eva")

    await office.type(link, user="eva")
    await office.type(link, user="guest")
    await office.type(link, user="ana")

    channels = [job.share.channel_id for job in office.jobs.started]
    assert channels == [office.channel_id(name) for name in ("sales", "support", "leads")]
    assert office.jobs.started[0].share.ts == second


async def test_file_shared_in_a_thread(office: Office) -> None:
    """A file in a reply is answered in the thread of its parent."""
    parent = await office.slack.say("listen to this")
    ts = await office.slack.share(CLIP, thread_ts=parent)
    await office.type(file_link(office, "support", ts))
    assert [(job.share.ts, job.share.thread_ts) for job in office.jobs.started] == [(ts, parent)]


async def test_file_that_is_no_recording(office: Office) -> None:
    """A file that is no recording is said to be none."""
    ts = await office.slack.share(NOTES)
    assert (await office.type(file_link(office, "support", ts))).startswith("There is no audio or video")


async def test_file_that_the_asker_may_not_see(office: Office) -> None:
    """A file in a private channel of others is answered like one that does not exist."""
    ts = await office.slack.share(CLIP, channel="leads")
    link = file_link(office, "leads", ts)
    answer = await office.type(link, user="guest")
    assert answer == await office.type(f"{office.slack.url}/files/U0ANA/F0NOTHING/x.mp3", user="guest")
    assert answer.startswith(NO_FILE)
    assert not office.jobs.started


async def test_file_whose_message_is_gone(office: Office) -> None:
    """A file without a message that still stands has no thread to be answered in."""
    ts = await office.slack.share(CLIP)
    link = file_link(office, "support", ts)
    await office.slack.delete_message("support", ts)
    assert (await office.type(link)).startswith(NO_FILE)


async def test_file_in_an_archived_channel(office: Office) -> None:
    """Where the person can see the file and nobody can answer, the answer says why."""
    ts = await office.slack.share(CLIP, channel="sales")
    link = file_link(office, "sales", ts)
    office.slack.workspace.channel("sales").is_archived = True
    assert "#sales is archived" in await office.type(link)


async def test_file_shared_very_often(office: Office) -> None:
    """For a file that was shared in many conversations only the newest ten are asked about."""
    ts = await office.slack.share(CLIP)
    link = file_link(office, "support", ts)
    file_id = link.split("/")[-2]
    for number in range(11):
        office.slack.add_channel(f"private{number}", is_private=True)
        await office.slack.share(file_id, channel=f"private{number}")
    assert (await office.type(link, user="guest")).startswith(NO_FILE)
    assert len(office.slack.calls("conversations.info")) == 10


async def test_file_whose_newest_message_is_gone(office: Office) -> None:
    """When the newest message of a file cannot be found any more, the one before is taken."""
    ts = await office.slack.share(CLIP)
    link = file_link(office, "support", ts)
    await office.slack.share(link.split("/")[-2], channel="sales")
    office.slack.faults.add(Fault("error", method="conversations.replies", error="thread_not_found"))
    office.slack.faults.add(Fault("error", method="conversations.history", error="channel_not_found"))
    await office.type(link)
    assert [job.share.ts for job in office.jobs.started] == [ts]


async def test_file_shared_twice_in_a_conversation(office: Office) -> None:
    """A conversation is asked about once, however often the file was shared in it."""
    ts = await office.slack.share(CLIP, channel="leads")
    link = file_link(office, "leads", ts)
    await office.slack.share(link.split("/")[-2], channel="leads")
    assert (await office.type(link, user="guest")).startswith(NO_FILE)
    assert len(office.slack.calls("conversations.info")) == 1
