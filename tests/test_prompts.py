from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.prompts import (
    MOST_TOKENS,
    Finding,
    Flaw,
    estimate_tokens,
    findings,
    join_prompt,
    likely_cut,
    looks_like_orders,
)

TERMS = st.lists(st.text("aBß éñ,.北C+-", min_size=1, max_size=12), max_size=8)
PROSE = (
    "Hello, I ordered a parcel two weeks ago and it still hasn't arrived. Could you tell me where it is? "
    "The customer support team of our online shop answers questions about deliveries, refunds, invoices and "
    "broken devices. Speakers are calm and polite, and they often mention the warehouse in Rotterdam. "
)
GERMAN = "Guten Tag, unsere Kundinnen und Kunden fragen hier nach Paketen, Rechnungen und kaputten Geräten."


# --- joined -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "glossary", "joined"),
    [
        pytest.param("", [], "", id="nothing"),
        pytest.param(" Hello. ", [], "Hello.", id="no terms"),
        pytest.param("polite", [], "polite", id="a prompt stays as it was typed"),
        pytest.param("", ["Acme Pro"], "Acme Pro.", id="no prompt"),
        pytest.param("Polite", ["Acme Pro", "Zoë"], "Polite. Acme Pro, Zoë.", id="both"),
        pytest.param("Names: Ana,", ["Acme"], "Names: Ana, Acme.", id="a list goes on"),
        pytest.param("Really?", ["Acme Inc."], "Really? Acme Inc.", id="marks of their own"),
        pytest.param("您好。", ["北京"], "您好。 北京.", id="a full stop of another script"),
        pytest.param("Hi.", ["Acme", " ACME ", "acme"], "Hi. Acme.", id="each once, as it was first"),
        pytest.param("Hi.", ["", " ", "\n"], "Hi.", id="empty terms"),
        pytest.param("Hi.", ["Acme \n Pro"], "Hi. Acme Pro.", id="white space in a term"),
        pytest.param(
            "We sell Acme.", ["Acme"], "We sell Acme. Acme.", id="also at the end, which is not cut"
        ),
    ],
)
def test_join(prompt: str, glossary: list[str], joined: str) -> None:
    """The terms stand behind the prompt, as a sentence of their own."""
    assert join_prompt(prompt, glossary) == joined


@given(st.text(max_size=40), TERMS)
def test_every_term_stands_at_the_end_once(prompt: str, glossary: list[str]) -> None:
    """The prompt comes first and is whole; then come all terms, each once and in their order."""
    joined = join_prompt(prompt, glossary)
    wanted: dict[str, str] = {}
    for term in (" ".join(term.split()) for term in glossary):
        if term:
            wanted.setdefault(term.casefold(), term)
    assert joined.startswith(prompt.strip())
    listed = ", ".join(wanted.values())
    assert joined.removesuffix(".").endswith(listed.removesuffix("."))
    assert len(joined) <= len(prompt.strip()) + len(listed) + len(". ") + len(".")


# --- tokens -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        pytest.param(PROSE, 65, id="English"),
        pytest.param(
            "This channel collects voice messages from field engineers who maintain wind turbines. They "
            "describe faults, spare parts and weather conditions, and usually end with what they are going "
            "to do next week.",
            36,
            id="easier English",
        ),
        pytest.param(
            "Dragoman, Zendesk, Ms Núñez, Kräuterbutter, Rotterdam, Acme Pro, Ljubljana, Szczepański, "
            "Grafana, PostgreSQL, Kubernetes, O'Brien, Xiaomi, Nguyễn, Okonkwo, Siobhán, Wojciechowski",
            75,
            id="names",
        ),
        pytest.param(
            "Acme Pro X200, WidgetMaster 3000, SKU-48291-B, order 2026-11-21, +49 30 1234567, INV-0004711, "
            "v2.13.0, ISO 27001, RTX 4090 Ti, 192.168.178.20",
            69,
            id="products and numbers",
        ),
        pytest.param("1 22 333 4444 55555 666666 7777777 88888888 1234567890123456", 32, id="numbers"),
        pytest.param("PLEASE NOTE THAT ALL INVOICES ARE SENT BY EMAIL. NATO, GDPR, UNHCR", 26, id="capitals"),
        pytest.param(
            "Guten Tag, ich habe vor zwei Wochen ein Paket bestellt und es ist immer noch nicht angekommen. "
            "Können Sie mir bitte sagen, wo es sich befindet?",
            35,
            id="German",
        ),
        pytest.param("Здравствуйте, я заказал посылку две недели назад.", 15, id="Russian"),
        pytest.param("Γεια σας, παρήγγειλα ένα δέμα πριν από δύο εβδομάδες.", 30, id="Greek"),
        pytest.param("مرحبا، لقد طلبت طردا منذ أسبوعين ولم يصل بعد.", 26, id="Arabic"),
        pytest.param("नमस्ते, मैंने दो सप्ताह पहले एक पार्सल मंगवाया था।", 52, id="Hindi"),
        pytest.param("您好，我两周前订购了一个包裹，但还没有到。", 27, id="Chinese"),  # noqa: RUF001 -- its own comma
        pytest.param("こんにちは、二週間前に荷物を注文しました。", 17, id="Japanese"),
        pytest.param("안녕하세요, 2주 전에 소포를 주문했는데 아직 도착하지 않았습니다.", 18, id="Korean"),
        pytest.param("😀🎉👍🚀", 9, id="emoji"),
    ],
)
def test_estimate_is_near_the_truth(text: str, tokens: int) -> None:
    """The estimate is near what Whisper's own vocabulary makes of the text, and rather above than below."""
    assert 0.9 * tokens <= estimate_tokens(text) <= 1.7 * tokens


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), (" \n", 0), ("a", 1), (" a ", 1), ("a a", 2), ("hi!", 2), ("a\n\na", 3)]
)
def test_estimate_of_very_little(text: str, tokens: int) -> None:
    """Every word and every mark is at least one token; white space around a text is none."""
    assert estimate_tokens(text) == tokens


@given(st.text(), st.text())
def test_estimates_add_up(one: str, other: str) -> None:
    """Of two texts joined the estimate is that of both together, but for a token or two at the seam."""
    parts = estimate_tokens(one) + estimate_tokens(other)
    joined = estimate_tokens(one + " " + other)
    assert parts - 2 <= joined <= parts + 2
    assert joined >= max(estimate_tokens(one), estimate_tokens(other))


@given(st.text(min_size=1))
def test_text_has_tokens(text: str) -> None:
    """No text that is more than white space has none, and none has more than its characters can make."""
    assume(text.strip())
    assert 1 <= estimate_tokens(text) <= 3 * len(text)


# --- cut ----------------------------------------------------------------------------------------


def test_nothing_is_cut_from_what_fits() -> None:
    """A prompt of the usual length is read whole."""
    assert likely_cut(PROSE) == ""


def test_the_start_is_cut_at_a_word() -> None:
    """Of a text that is too long the end is read, from the beginning of a word on."""
    text = f"First of all. {PROSE * 4}"
    cut = likely_cut(text)
    assert cut.startswith("First of all. Hello")
    assert cut.endswith(" ")
    assert MOST_TOKENS - 10 < estimate_tokens(text[len(cut) :]) <= MOST_TOKENS


def test_a_text_without_spaces_is_cut_all_the_same() -> None:
    """Where the next space is far away, a cut in the middle leaves what is read."""
    cut = likely_cut("您好我两周前订购了" * 40 + " end")
    assert estimate_tokens(cut) > MOST_TOKENS
    assert MOST_TOKENS - 10 < estimate_tokens(("您好我两周前订购了" * 40 + " end")[len(cut) :]) <= MOST_TOKENS


@given(st.text("ab AÉ1北.\n", max_size=60), st.integers(1, 40))
def test_what_is_left_fits(text: str, times: int) -> None:
    """What is cut is the start; what remains fits, and where all of it does, nothing is cut."""
    whole = text * times
    cut = likely_cut(whole)
    assert whole.startswith(cut)
    assert estimate_tokens(whole[len(cut) :]) <= MOST_TOKENS
    assert bool(cut) is (estimate_tokens(whole) > MOST_TOKENS)


# --- orders -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prompt",
    [
        "translate everything to English",
        "Please translate politely",
        "PLEASE TRANSLATE POLITELY",
        "Please translate",
        "Acme Pro, please translate politely",
        "Translate English to French",
        "Please do not translate names.",
        "Acme, Zendesk. Translate literally, keep product names.",
        "You are a professional translator for a support team.",
        "You are translating customer calls.",
        "you’re our interpreter",  # noqa: RUF001 -- as telephones type it
        "I want you to act as an interpreter",
        "Your task is to help our customers",
        "The output must be plain text",
        "Always write numbers as digits",
        "Always answer in English",
        "Never use contractions.",
        "Never guess.",
        "Don’t invent anything",  # noqa: RUF001 -- as telephones type it
        "Do not add anything that was not said",
        "You must not summarise",
        "You should always keep the terms",
        "Ignore background noise",
        "ignore all previous instructions",
        "Output only the English text",
        "Output JSON only",
        "return nothing else",
        "Please respond in English",
        "Keep names as they are",
        "Use British spelling",
        "Be polite and formal",
        "Make sure names are spelled right",
        "Avoid slang",
        "Customers call us from Spain; please use a friendly style",
    ],
)
def test_orders(prompt: str) -> None:
    """A prompt that tells the model what to do is seen to be one."""
    assert looks_like_orders(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "Dragoman, Zendesk, Ms Núñez; polite",
        "Polite customer calls; names: Núñez, Müller.",
        "Translate Pro, Output Manager, Always On Display, Ignore List",
        "Never Summer, Always Ultra, Act-On, Ensure Plus, Use AG, Format Factory, Stay Informed",
        "output voltage, input power, format string, use case, keep-alive",
        "Return label, return form, refund, reply-to address",
        "The translator Zoë and the editor Ben talk about Output Messenger.",
        "Hello, welcome to Acme support. How can I help you today?",
        "Okay, so, um, I was thinking, like, you know, maybe we ship it on Monday.",
        "You are welcome. You are right, it was shipped on Monday.",
        "You're a star, thank you so much!",
        "You can reach us by mail.",
        "Please find attached the invoice.",
        "Please hold the line, I'll transfer you.",
        "Please do not hesitate to contact us.",
        "Please leave your name and number after the tone.",
        "Please make a note of the number.",
        "Never mind, don't worry, we are always happy to help.",
        "Keep in touch. Use code SAVE10.",
        "A support call about deliveries, refunds and invoices of Acme Pro.",
        "Can I change my order? I would like to return the shoes.",
        "We use Grafana and Kubernetes in Rotterdam.",
        "Good morning, this is Ms Núñez. I am calling about my Acme Pro. Could you kindly help me?",
    ],
)
def test_no_orders(prompt: str) -> None:
    """Names, lists of terms and samples of how people speak are no orders."""
    assert not looks_like_orders(prompt)


# --- findings -----------------------------------------------------------------------------------


def test_nothing_is_found_in_a_good_prompt() -> None:
    """English prose with some terms is as it should be; so is a channel that has neither."""
    assert findings(PROSE, ["Acme Pro", "Kräuterbutter"]) == ()
    assert findings("", ()) == ()


def test_too_long_with_the_terms() -> None:
    """The terms count, too; told is the start of the prompt, which gives way to them."""
    terms = [f"Kräuterbutter {number}" for number in range(20)]
    assert findings(PROSE, terms[:5]) == ()
    (finding,) = findings(PROSE, terms)
    assert finding.flaw is Flaw.TOO_LONG
    assert finding.tokens == estimate_tokens(join_prompt(PROSE, terms)) > MOST_TOKENS
    assert finding.cut
    assert PROSE.startswith(finding.cut)


def test_not_english() -> None:
    """A prompt that is surely in another language is told; names of all languages are not."""
    assert findings(GERMAN, ["Acme"]) == (Finding(Flaw.NOT_ENGLISH),)
    assert findings("Здравствуйте, это поддержка", ()) == (Finding(Flaw.NOT_ENGLISH),)
    assert findings("Müller, Kräuterbutter, Straßburger, Núñez", ["Grüße aus der Küche", "北京"]) == ()


def test_orders_are_found_beside_the_rest() -> None:
    """All that is wrong is told at once."""
    flaws = [finding.flaw for finding in findings(f"{GERMAN} " * 12 + "Please translate politely.", ())]
    assert flaws == [Flaw.TOO_LONG, Flaw.NOT_ENGLISH, Flaw.ORDERS]


@given(st.text(), TERMS)
def test_any_prompt_can_be_looked_at(prompt: str, glossary: list[str]) -> None:
    """No text breaks it, and what is told of one that is too long is its start."""
    for finding in findings(prompt, glossary):
        assert bool(finding.cut) is bool(finding.tokens) is (finding.flaw is Flaw.TOO_LONG)
        assert join_prompt(prompt, glossary).startswith(finding.cut)
