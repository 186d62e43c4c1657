"""What models write where nobody speaks: names of sounds, and phrases from the subtitles they learned from.

People say some of these phrases, too, so that `nothing_said.py` asks for evidence against them.
"""

from __future__ import annotations

import re

from bot.evidence.spoken import said_in
from bot.language import NAMES

# What is longer than that in brackets may have been said.
MOST_WORDS_OF_A_SOUND = 5
# No sentence of the stock phrases has more characters.
MOST_OF_STOCK = 200

_APOSTROPHE = re.compile(r"['\u2019]")
_SENTENCE_END = re.compile(r"[.!?…。！？\n]+")  # noqa: RUF001 -- full-width marks are meant


def _phrase(text: str) -> str:
    """Give a text as it is compared here."""
    return " ".join(said_in(_APOSTROPHE.sub(" ", text)))


def _phrases(table: str) -> frozenset[str]:
    return frozenset(_phrase(one) for one in re.split(r"[|\n]", table) if one.strip())


# --- sounds -------------------------------------------------------------------------------------

_BRACKETS = re.compile(
    r"\[[^\[\]]*\]|\([^()]*\)|（[^（）]*）|【[^【】]*】|\*[^*]*\*|[♪♫♬♩][^♪♫♬♩]*[♪♫♬♩]"  # noqa: RUF001 -- meant
)
_SOUNDS = (
    r"(?:music|applause|applauding|clap(?:s|ping)?|cheer(?:s|ing)?|laugh(?:s|ing|ter)?|chuckl(?:es?|ing)"
    r"|giggl(?:es?|ing)|cough(?:s|ing)?|sneez(?:es?|ing)|sigh(?:s|ing)?|gasp(?:s|ing)?|sniff(?:s|ing)?"
    r"|breath(?:es?|ing)|yawn(?:s|ing)?|groan(?:s|ing)?|moan(?:s|ing)?|cry(?:ing)?|sob(?:s|bing)?"
    r"|scream(?:s|ing)?|whistl(?:es?|ing)|humming|singing|silence|silent|pause|no (?:audio|sound|speech)"
    r"|blank audio|inaudible|unintelligible|indistinct|noises?|static|beep(?:s|ing)?|buzz(?:es|ing)?"
    r"|rings?|ringing|ringtone|bells?|dial tone|click(?:s|ing)?|typing|knock(?:s|ing)?|footsteps|chatter"
    r"|crosstalk|bark(?:s|ing)?|clears? throat|throat clearing|wind|thunder|explosion|siren|la|na)"
)
_KINDS = (
    r"(?:upbeat|soft|gentle|dramatic|calm|light|loud|quiet|slow|fast|tense|sad|happy|suspenseful|eerie"
    r"|piano|guitar|electronic|ambient|classical|rock|background|theme|intro|outro|playing|plays|continues"
    r"|fad(?:es|ing)|stops|starts|blowing|in|out|the|a|an|of|and|audience|people|crowd|man|woman|baby|door"
    r"|phone|telephone|doorbell|dog|keyboard|heavy|heavily|deeply|softly|loudly|continuous)"
)
_TONGUES = "|".join(sorted({name.lower() for name in NAMES.values()}))
SOUND = re.compile(
    rf"(?:{_KINDS} )*{_SOUNDS}(?: (?:{_SOUNDS}|{_KINDS}))*"
    rf"|(?:speaks?|speaking|talking|sings?|singing)(?: in)?(?: a| another)?"
    rf" (?:foreign(?: languages?)?|non english|native language|indistinctly|{_TONGUES})(?: language)?"
    r"|foreign(?: languages?)?"
)
SOUNDS_ELSEWHERE = _phrases("""
música|aplausos|risas|silencio|tos|musique|applaudissements|rires|silence|rire
musik|applaus|beifall|lachen|gelächter|stille|husten|risos|silêncio|musica|applausi|risate
музыка|аплодисменты|смех|тишина|音楽|拍手|笑|笑い|笑い声|拍手と歓声|음악|박수|웃음|音乐|掌声|笑声
müzik|alkış|alkışlar|gülme|gülüşmeler|sessizlik
""")  # noqa: RUF001 -- Turkish has an i without a dot


def is_sound(text: str) -> bool:
    """Say whether a text is only marks, or names of sounds in brackets: "♪♪", "[Music]", "*coughs*"."""
    rest = _BRACKETS.sub(" ", text)
    return not any(map(str.isalnum, rest)) and all(map(_is_known, _BRACKETS.findall(text)))


def _is_known(bracket: str) -> bool:
    phrase = _phrase(bracket)
    return not phrase or SOUND.fullmatch(phrase) is not None or phrase in SOUNDS_ELSEWHERE


# --- phrases ------------------------------------------------------------------------------------

_VIDEO = r"(?:(?:this|the|my|our|that|today s) )?(?:videos?|episode|channel|show)"
# How videos end. Nobody says this on the phone, but some say it in a recording.
FAREWELL = re.compile(
    r"(?:(?:thank you|thanks)(?: all| everyone| everybody| guys)?(?: so much| very much| a lot)?"
    r"(?: all| everyone| everybody| guys)?"
    r" for (?:watching|viewing|listening|tuning in|joining(?: us| me)|your (?:attention|viewing|support))"
    rf"(?: {_VIDEO})?"
    rf"|subscribe(?: (?:to|for) (?:more|{_VIDEO}))?"
    r"|(?:(?:i|we)(?: ll| will) )?see you (?:all |guys )?"
    r"(?:next (?:time|week|video)|in the next (?:video|one))"
    rf"|(?:i|we) hope (?:you (?:all |guys )?)(?:ve )?(?:enjoy|enjoyed|like|liked) {_VIDEO}"
    r"|to be continued"
    r"|(?:subtitle[sd]?|subtitling|caption(?:s|ed)?|transcri(?:bed|ption)|translat(?:ed|ion))"
    r"(?: (?:and|text|made|provided|created|edited|corrected))? by .{1,80}"
    r"|.{0,60}amara org.{0,40}"
    r"|www [\w ]{1,60}"
    r")(?: |$)"
)
# What stands between such phrases.
BETWEEN = re.compile(
    r"(?:and|so|bye|please|like|comment|share|until the(?: very)? end|don t forget to|be sure to|make sure to"
    r"|(?:hit|click|press|tap|ring)(?: on)? the (?:like|subscribe|notification|bell)(?: button| bell| icon)*"
    rf"|if you (?:like|liked|enjoy|enjoyed) {_VIDEO})(?: |$)"
)
# The same, and who made the subtitles, of an engine that writes down instead of translating.
FAREWELL_ELSEWHERE = re.compile(
    r"(?:untertitel(?:ung)?(?: aufgrund| im auftrag)?(?: der| des| von| vom)|copyright wdr"
    r"|subtítulos (?:realizados |creados )?por|sous titr(?:es|age) (?:réalisés? )?(?:par|fr|st|société)"
    r"|legenda(?:s|do) (?:por|pela|de)|sottotitoli (?:creati|e revisione|a cura)"
    r"|субтитры (?:создавал|сделал|делал|подогнал|подготовил)|редактор субтитров|altyazı m k"  # noqa: RUF001 -- Turkish
    r"|字 幕 (?:by|志 愿 者|由))(?: .{1,80})?"
)
FAREWELLS_ELSEWHERE = _phrases("""
gracias por ver el video|gracias por ver|muchas gracias por ver el video|gracias por su atención
suscríbete al canal|suscríbete|suscríbanse|no olvides suscribirte|hasta la próxima
nos vemos en el próximo video
obrigado por assistir|obrigada por assistir|inscreva-se no canal|se inscreva no canal
não se esqueça de se inscrever|até a próxima|até o próximo vídeo
merci d'avoir regardé cette vidéo|merci d'avoir regardé|merci de votre attention
abonnez-vous|abonnez-vous à la chaîne|n'oubliez pas de vous abonner
n'oubliez pas de vous abonner à la chaîne|à la prochaine
vielen dank fürs zuschauen|danke fürs zuschauen|vielen dank für's zuschauen
vielen dank für ihre aufmerksamkeit|vielen dank für die aufmerksamkeit|bis zum nächsten mal
abonniert den kanal|das war's für heute
спасибо за просмотр|спасибо за внимание|продолжение следует|подписывайтесь на канал|подпишись на канал
ставьте лайки и подписывайтесь на канал|до новых встреч
ご視聴ありがとうございました|ご清聴ありがとうございました|最後までご視聴いただきありがとうございます
チャンネル登録をお願いします|チャンネル登録よろしくお願いします|また次回お会いしましょう
시청해주셔서 감사합니다|시청해 주셔서 감사합니다|구독과 좋아요 부탁드립니다|다음 영상에서 만나요
mbc 뉴스 이덕영입니다
感谢观看|谢谢观看|謝謝觀看|谢谢收看|请订阅我的频道|请不吝点赞 订阅 转发 打赏支持明镜与点点栏目
請不吝點讚訂閱轉發打賞支持明鏡與點點欄目|多谢您的观看
izlediğiniz için teşekkür ederim|izlediğiniz için teşekkürler
İzlediğiniz için teşekkür ederim|İzlediğiniz için teşekkürler|abone olmayı unutmayın
bir sonraki videoda görüşmek üzere
""")  # noqa: RUF001 -- Turkish
# What people do say, all day long, and models say to silence.
COURTESY = re.compile(
    r"(?:thank you|thanks)(?: so much| very much| a lot)?|bye(?: bye)*|goodbye|you|silence|music"
)
COURTESIES_ELSEWHERE = _phrases("""
gracias|muchas gracias|adiós|obrigado|obrigada|muito obrigado|tchau|merci|merci beaucoup|au revoir
danke|danke schön|vielen dank|tschüss|спасибо|большое спасибо|пока|ありがとう|ありがとうございました
ありがとうございます|감사합니다|고맙습니다|谢谢|謝謝|谢谢大家|再见|teşekkürler|teşekkür ederim
grazie|grazie mille
""")


def stock_phrases(text: str) -> list[str]:
    """Give the stock phrases of which a text consists, in order; nothing where there is anything else.

    What stands in brackets alone is one, if it is short: models write sounds so, and people's words seldom.
    """
    rest = _BRACKETS.sub(" ", text)
    if text != rest and not any(map(str.isalnum, rest)):
        return _in_brackets(text)
    phrases: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        phrase = _phrase(sentence[:MOST_OF_STOCK])
        if len(sentence) > MOST_OF_STOCK or (phrase and not _is_stock(phrase)):
            # "Subtitles by Amara.org" has a full stop in it.
            whole = _phrase(text) if len(text) <= MOST_OF_STOCK else ""
            return [whole] if _is_stock(whole) else []
        phrases += [phrase] * bool(phrase)
    return phrases


def _in_brackets(text: str) -> list[str]:
    brackets = _BRACKETS.findall(text)
    if any(len(said_in(one)) > MOST_WORDS_OF_A_SOUND or any(map(str.isdigit, one)) for one in brackets):
        return []
    return [phrase for one in brackets if (phrase := _phrase(one))]


def _is_stock(phrase: str) -> bool:
    return COURTESY.fullmatch(phrase) is not None or phrase in COURTESIES_ELSEWHERE or is_farewell(phrase)


def is_elsewhere(phrase: str) -> bool:
    """Say whether a phrase is one of another language than English."""
    return phrase in COURTESIES_ELSEWHERE or _is_farewell_elsewhere(phrase)


def _is_farewell_elsewhere(phrase: str) -> bool:
    return phrase in FAREWELLS_ELSEWHERE or FAREWELL_ELSEWHERE.fullmatch(phrase) is not None


def is_farewell(phrase: str) -> bool:
    """Say whether a phrase is nothing but farewells and what stands between them."""
    if _is_farewell_elsewhere(phrase):
        return True
    at, found = 0, 0
    while at < len(phrase):
        match = FAREWELL.match(phrase, at)
        found += match is not None
        match = match or BETWEEN.match(phrase, at)
        if match is None:
            return False
        at = match.end()
    return found > 0
