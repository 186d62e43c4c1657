from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from command_office import Office, open_office

from bot.sandbox.faults import Fault
from bot.share import Output
from bot.store.settings import Mode
from bot.surfaces.words import OUTPUT_MEANS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

INVITE = "invite me: /invite @Dragoman"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """Give a workspace in which the command works."""
    async with open_office(tmp_path) as office:
        yield office


@pytest.mark.parametrize("mode", list(Mode))
async def test_mode_is_set(office: Office, mode: Mode) -> None:
    """A mode that somebody chooses is stored, and the answer says what it means."""
    other = Mode.OFF if mode is not Mode.OFF else Mode.ASK
    await office.type(other)

    answer = await office.type(mode.upper())

    assert await office.mode() is mode
    assert answer.startswith(f"Done: I am set to `{mode}` here. ")
    assert ("`/translate last`" in answer) is (mode is not Mode.ON)


async def test_mode_set_twice(office: Office) -> None:
    """Who sends a command twice is told that nothing changes, and nothing is harmed."""
    await office.type("ask")
    assert (await office.type("ask")).startswith("Nothing to change: I am already set to `ask` here.")
    assert await office.mode() is Mode.ASK


async def test_mode_like_the_default_is_stored(office: Office) -> None:
    """A choice that equals the default is kept all the same: the default may change later."""
    assert (await office.type("on")).startswith("Nothing to change")
    assert await office.mode() is Mode.ON


@pytest.mark.parametrize("text", ["off please", "ask me later", "on 1", "status now", "last 3"])
async def test_word_with_more_behind_it(office: Office, text: str) -> None:
    """A sentence that happens to begin with a subcommand changes nothing."""
    answer = await office.type(text)
    assert f"`/translate {text.split(maxsplit=1)[0]}` takes nothing after it" in answer
    assert await office.is_untouched()


async def test_prompt_is_set(office: Office) -> None:
    """A prompt is stored as it was typed: names for mentions, signs for entities, no white space around."""
    answer = await office.type("Prompt   Ask @ana & Ben <ben@x.org> in #sales: \n*Zendesk*  ")
    assert await office.prompt() == "Ask ana & Ben <ben@x.org> in #sales: \n*Zendesk*"
    assert answer.startswith("Done:")
    assert "hint" in answer


async def test_prompt_is_shown_as_text(office: Office) -> None:
    """A prompt shown back applies no markup and pings nobody: it stands in a quote of plain text."""
    prompt = "`Zoë` *bold* <!channel> <@U0BEN> &amp; :smile: @here"
    await office.settings.set_prompt(office.slack.team_id, office.channel_id("support"), prompt, by="U0BEN")

    result = await office.command("prompt")

    (answer,) = await result.answers()
    _, quote = answer["blocks"][0]["elements"]
    assert quote == {"type": "rich_text_quote", "elements": [{"type": "text", "text": prompt}]}
    assert "&lt;!channel&gt; &lt;@U0BEN&gt; &amp;amp;" in answer["text"]
    assert "<" not in answer["text"]


async def test_no_prompt(office: Office) -> None:
    """Where there is no prompt the answer says so, and how to set one; white space is no prompt."""
    assert "has no prompt" in await office.type("prompt")
    body = await office.dispatch("prompt \u2003\n ")
    assert "`/translate prompt TEXT`" in body["text"]
    assert await office.is_untouched()


async def test_prompt_is_cleared(office: Office) -> None:
    """`prompt clear` removes the prompt, in any case, and says when there was none."""
    await office.type("prompt Zendesk")
    assert "has no prompt any more" in await office.type("prompt CLEAR")
    assert await office.prompt() == ""
    assert (await office.type("prompt clear")).startswith("Nothing to change")


async def test_same_prompt_again(office: Office) -> None:
    """A prompt sent twice stays what it is."""
    await office.type("prompt Zendesk")
    assert (await office.type("prompt Zendesk")).startswith("Nothing to change")
    assert await office.prompt() == "Zendesk"


async def test_longest_prompt(office: Office) -> None:
    """Characters are counted as typed: 900 ampersands are 900, although Slack sends 4,500."""
    assert (await office.type("prompt " + "&" * 900)).startswith("Done")
    assert await office.prompt() == "&" * 900


async def test_too_long_prompt(office: Office) -> None:
    """A longer prompt is refused with its count, and the one before stays."""
    await office.type("prompt Zendesk")
    answer = await office.type("prompt " + "é" * 1023)
    assert "has 1,023 characters; the limit is 900" in answer
    assert await office.prompt() == "Zendesk"


GOOD = "Good morning, this is Ms Núñez. I am calling about my Acme Pro."
ORDERS = "Please translate politely and keep all names as they are."
GERMAN = "Guten Tag, unsere Kundinnen und Kunden fragen hier nach Paketen, Rechnungen und kaputten Geräten."
LONG = "I would like to ask about the Kräuterbutter from Ljubljana, please. " * 11 + "Thank you."


async def test_good_prompt_is_not_doubted(office: Office) -> None:
    """To a prompt as it should be nothing is added."""
    answer = await office.type(f"prompt {GOOD}")
    assert answer.endswith(f"not as an order.\n{GOOD}")


@pytest.mark.parametrize(
    ("prompt", "doubt", "last_line"),
    [
        pytest.param(
            ORDERS,
            "Whisper continues text, it does not follow orders",
            "Good morning, this is Ms Núñez. I am calling about my Acme Pro, which I ordered",
            id="orders",
        ),
        pytest.param(GERMAN, "does not look like English", "", id="not English"),
        pytest.param(LONG, "Whisper reads only the last 223", "I would like to ask about", id="too long"),
    ],
)
async def test_doubtful_prompt_is_taken_with_a_warning(
    office: Office, prompt: str, doubt: str, last_line: str
) -> None:
    """What may do harm is stored all the same, and said when it is set, sent again, and shown."""
    for text, said in (
        (f"prompt {prompt}", "Done:"),
        (f"prompt {prompt}", "Nothing to change:"),
        ("prompt", "This prompt goes along"),
    ):
        answer = await office.type(text)
        assert answer.startswith(said)
        assert doubt in answer
        assert answer.splitlines()[1] == prompt.strip()
        assert answer.splitlines()[-1].startswith(last_line)
    assert await office.prompt() == prompt.strip()
    assert doubt not in await office.type("prompt clear")


async def test_what_is_likely_cut_is_shown(office: Office) -> None:
    """Of a prompt that is too long, its start is shown in a quote, and the estimate is called one."""
    result = await office.command(f"prompt {LONG}")
    (answer,) = await result.answers()
    _, prompt, warning, cut = answer["blocks"][0]["elements"]
    assert warning["type"] == "rich_text_section"
    assert warning["elements"][0]["text"].startswith("By my estimate this prompt has about 2")
    assert cut["type"] == prompt["type"] == "rich_text_quote"
    (lost,) = cut["elements"]
    assert prompt["elements"][0]["text"].startswith(lost["text"])
    assert 10 < len(lost["text"]) < len(LONG) / 2


async def test_prompt_with_terms_that_take_its_room(office: Office) -> None:
    """The terms are read in any case, so it is the prompt that is cut, and said so."""
    await office.type("term add " + ", ".join(f"Kräuterbutter {number}" for number in range(25)))
    answer = await office.type(f"prompt {GOOD} {GOOD}")
    assert "By my estimate the prompt and the terms together have about 2" in answer
    assert answer.splitlines()[-1].startswith("Good morning")


async def test_all_that_is_doubtful_is_said(office: Office) -> None:
    """Several warnings stand each on a line of its own, also in the longest of answers."""
    answer = await office.type("prompt " + (GERMAN + " ") * 8 + ORDERS)
    assert "By my estimate" in answer
    assert "\nThis prompt does not look like English." in answer
    assert "\nThis prompt reads like instructions." in answer
    result = await office.command("prompt " + "& " * 449 + "&")
    (longest,) = await result.answers()
    assert longest["text"].count("&amp;") > 600

    result = await office.command("prompt Translate politely, " + GERMAN)
    (plain,) = await result.answers()
    kinds = [part["type"].removeprefix("rich_text_") for part in plain["blocks"][0]["elements"]]
    assert kinds == ["section", "quote", "section", "section", "quote"]
    assert plain["blocks"][0]["elements"][3]["elements"][0]["text"] == "\n"


@pytest.mark.parametrize(
    ("word", "yes", "no", "field"),
    [
        pytest.param("original", "on", "off", "wants_original", id="original words"),
        pytest.param("english", "skip", "translate", "skips_english", id="already English"),
    ],
)
async def test_choice_of_two(office: Office, word: str, yes: str, no: str, field: str) -> None:
    """Both words are stored, also the default; alone it says what is set; a third word changes nothing."""
    assert f"`{no}` here. " in await office.type(word)
    assert f"`/translate {word}` takes `{yes}` or `{no}`" in await office.type(f"{word} maybe")
    assert await office.is_untouched()

    assert (await office.type(f"{word} {no}")).startswith("Nothing to change")
    assert getattr(await office.stored(), field) is False
    answer = await office.type(f"{word.title()} {yes.upper()}")
    assert answer.startswith("Done: ")
    assert f"`{yes}` here. " in answer
    assert getattr(await office.stored(), field) is True
    assert (await office.type(f"{word} {yes}")).startswith("Nothing to change")

    answer = await office.type(word)
    assert f"`{yes}` here. " in answer
    assert f"`/translate {word} {yes}` and `/translate {word} {no}` change that." in answer
    assert f"`{yes}` here. " in await office.type(f"{word} {yes} please")
    assert (await office.type(f"{word} {no}")).startswith("Done: ")
    assert getattr(await office.stored(), field) is False


@pytest.mark.parametrize("output", list(Output))
async def test_output_is_set(office: Office, output: Output) -> None:
    """A format that somebody chooses, in any case, is stored; the answer says what will come along."""
    other = Output.SRT if output is not Output.SRT else Output.VTT
    await office.type(f"output {other}")

    answer = await office.type(f"Output {output.upper()}")

    assert (await office.stored()).output is output
    assert answer == f"Done: the output of this channel is `{output}`. {OUTPUT_MEANS[output]}"
    assert (await office.type(f"output {output}")).startswith("Nothing to change: the output of this channel")


async def test_each_format_says_what_it_means() -> None:
    """No two formats are explained alike, and each explanation is one sentence."""
    assert OUTPUT_MEANS.keys() == set(Output)
    assert len(set(OUTPUT_MEANS.values())) == len(Output)
    assert all(meaning.count(".") == 1 and meaning.endswith(".") for meaning in OUTPUT_MEANS.values())


async def test_output_is_shown(office: Office) -> None:
    """`output` alone says what comes along here, and what else could; nothing is stored."""
    answer = await office.type("output")
    assert answer.startswith("The output of this channel is `text`.")
    assert all(f"`{output}`" in answer for output in Output)
    assert await office.is_untouched()
    await office.type("output vtt")
    assert "is `vtt`" in await office.type("output")


async def test_output_like_the_default_is_stored(office: Office) -> None:
    """A choice of what is the default anyway is kept all the same."""
    assert (await office.type("output text")).startswith("Nothing to change")
    assert (await office.stored()).output is Output.TEXT


@pytest.mark.parametrize("typed", ["verbose json", "verbose-json", "VERBOSE_JSON"])
async def test_output_of_two_words(office: Office, typed: str) -> None:
    """The format of two words is understood however people join them."""
    await office.type(f"output {typed}")
    assert (await office.stored()).output is Output.VERBOSE_JSON


@pytest.mark.parametrize("typed", ["docx", "srt please", "text, srt", "<!channel>", "`srt`"])
async def test_unknown_output(office: Office, typed: str) -> None:
    """Any other format is refused with the names of those that there are, and nothing changes."""
    body = await office.dispatch(f"output {typed}")
    assert "nothing was changed" in body["text"]
    assert "<" not in body["text"]
    assert all(f"`{output}`" in body["text"] for output in Output)
    assert await office.is_untouched()


@pytest.mark.parametrize(
    ("typed", "number"),
    [("0", 0.0), ("1", 1.0), ("0.2", 0.2), ("0,2", 0.2), (".5", 0.5), ("1.0", 1.0), ("0.2500001", 0.25)],
)
async def test_temperature_is_set(office: Office, typed: str, number: float) -> None:
    """A number from 0 to 1 is stored, with a point or a comma, and the answer says what it means."""
    await office.type("temperature 0.9")
    answer = await office.type(f"Temperature {typed}")
    assert (await office.stored()).temperature == number
    assert answer.startswith(f"Done: the temperature of this channel is {number:g}. At 0 the model keeps")
    assert (await office.type(f"temperature {typed}")).startswith("Nothing to change")


@pytest.mark.parametrize(
    "typed", ["2", "1.01", "-0.1", "hot", "0.2 0.3", "nan", "1e-1", "0.", "\u0661", "12"]
)
async def test_wrong_temperature(office: Office, typed: str) -> None:
    """Whatever is no number from 0 to 1 is refused with an example, and nothing changes."""
    answer = await office.type(f"temperature {typed}")
    assert answer.startswith("A temperature is a number from 0 to 1, such as 0.2, so nothing was changed.")
    assert await office.is_untouched()


async def test_temperature_is_shown_and_cleared(office: Office) -> None:
    """`temperature` alone says what is set, `temperature clear` goes back to the default."""
    assert (await office.type("temperature")).startswith("The temperature of this channel is 0.")
    assert (await office.type("temperature clear")).startswith("Nothing to change")
    assert await office.is_untouched()
    await office.type("temperature 0,4")
    assert (await office.type("temperature")).startswith("The temperature of this channel is 0.4.")
    assert (await office.type("temperature CLEAR")).startswith("Done: the temperature of this channel is 0.")
    assert (await office.stored()).temperature is None


async def test_mention_without_a_name(office: Office) -> None:
    """A mention that carries no name is looked up, so that the model gets a name and not an id."""
    await office.dispatch("prompt Ask <@U0BEN> or <@U0NOBODY>")
    assert await office.prompt() == "Ask ben or U0NOBODY"


async def test_name_that_cannot_be_looked_up(office: Office) -> None:
    """While Slack cannot be asked for a name, no prompt is stored without it."""
    office.slack.faults.add(Fault("http_error", method="users.info"))
    body = await office.dispatch("prompt Ask <@U0BEN>")
    assert "Slack isn't answering me" in body["text"]
    assert await office.is_untouched()


@pytest.mark.parametrize(
    "text",
    [
        "on",
        "off",
        "ask",
        "prompt Zendesk",
        "prompt clear",
        "terms",
        "term add Zendesk",
        "original on",
        "english skip",
        "output srt",
        "temperature 1",
        "last",
    ],
)
async def test_not_a_member(office: Office, text: str) -> None:
    """In a channel that the bot is not in nothing is stored, and the answer says how to invite it."""
    assert INVITE in await office.type(text, channel="random")
    assert await office.is_untouched("random")


async def test_private_channel_of_others(office: Office) -> None:
    """A private channel that the bot cannot see is answered like any other it is not in."""
    office.slack.add_channel("secret", is_private=True, bot_is_member=False)
    assert INVITE in await office.type("off", channel="secret")
    assert await office.is_untouched("secret")


async def test_direct_message_between_people(office: Office) -> None:
    """Between two people, where nobody can invite an app, the answer says where it can be used."""
    ana, ben = office.user_id("ana"), office.user_id("ben")
    office.slack.workspace.add_channel("dm-ana-ben", "im", [ana, ben])
    answer = await office.type("off", channel="dm-ana-ben")
    assert "direct message between people" in answer
    assert INVITE in answer
    assert await office.is_untouched("dm-ana-ben")


@pytest.mark.parametrize("channel", ["@ana", "mpdm-ana--ben--dragoman-1", "leads"])
async def test_other_conversations(office: Office, channel: str) -> None:
    """In a DM with the bot, a group DM and a private channel the command works as in any channel."""
    assert (await office.type("off", channel=channel)).startswith("Done")
    assert await office.mode(channel) is Mode.OFF


async def test_status_of_a_fresh_channel(office: Office) -> None:
    """The status says the version, the default mode, where sound goes, and that there is no prompt."""
    answer = await office.type("status")
    assert answer.splitlines()[0] == "Dragoman 1.2.3"
    assert "Mode: `on` (the default, nobody chose one here)" in answer
    assert "\nThe sound goes to api.example.com.\n" in answer
    assert f"Output: `text`. {OUTPUT_MEANS[Output.TEXT]}\nTemperature: 0\n" in answer
    assert "There is no prompt; `/translate prompt TEXT` sets one." in answer
    assert "There are no terms; `/translate term add NAME` adds one." in answer
    assert "Original words: `off`. The English stands alone" in answer
    assert "Recordings in English: `translate`. A recording that is in English already is answered" in answer
    assert "Last changed" not in answer


async def test_status_of_a_channel_in_use(office: Office) -> None:
    """The status shows what was chosen and names who changed it last, as text."""
    await office.type("ask")
    await office.type("output srt")
    await office.type("temperature 0.25")
    await office.type("original on")
    await office.type("english skip")
    await office.type("term add Acme Pro, Zoë")
    await office.type("prompt Zendesk", user="ben")
    answer = await office.type("status")
    assert "Mode: `ask` (chosen here)" in answer
    assert f"Output: `srt`. {OUTPUT_MEANS[Output.SRT]}\nTemperature: 0.25\n" in answer
    assert "Last changed by ben on 20" in answer
    assert "U0BEN" not in answer
    assert "Original words: `on`. The words as they were said stand under the English." in answer
    assert "Recordings in English: `skip`. I leave a recording alone that is in English already" in answer
    assert answer.endswith("The prompt:\nZendesk\nThe terms (2):\nAcme Pro, Zoë")


async def test_status_when_the_person_is_gone(office: Office) -> None:
    """A person whom Slack no longer knows is not shown as an id."""
    await office.settings.set_mode(office.slack.team_id, office.channel_id("support"), Mode.OFF, by="U0GONE")
    assert "Last changed by somebody" in await office.type("status")


async def test_default_mode_in_direct_messages(tmp_path: Path) -> None:
    """A DM with the bot is on until somebody says otherwise, whatever the default of channels."""
    async with open_office(tmp_path, default_mode=Mode.ASK) as office:
        assert "Mode: `on` (the default" in await office.type("status", channel="@ana")
        assert "Mode: `ask` (the default" in await office.type("status")


async def test_two_people_at_once(office: Office) -> None:
    """Two people who set different things at the same moment lose nothing."""
    await asyncio.gather(
        office.type("ask"), office.type("prompt Zendesk", user="ben"), office.type("ask", user="guest")
    )
    assert await office.mode() is Mode.ASK
    assert await office.prompt() == "Zendesk"
