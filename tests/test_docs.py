"""What is written for people is true: variables, commands, links, words, and nothing of anybody's machine."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import typer

import bot
from bot import cli, errors
from bot.alerts import MENDED_BY_AN_ADMIN
from bot.compose import ALREADY_ENGLISH_TEXT, NO_SPEECH_TEXT
from bot.config import Config
from bot.engines.answers import ANY, TABLE, Row, names_the_sound
from bot.halving import SHORTEST_TO_HALVE_SECONDS
from bot.line import MOST_TRIES
from bot.paragraphs import DOUBTS
from bot.progress import WAITING_TEXT
from bot.terms import Terms

ROOT = Path(bot.__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

# What the README shows as the default where it is no plain value; `-` stands for none.
DEFAULTS_IN_WORDS = {
    "PRICE_PER_MINUTE": "-",
    "DATABASE_URL": "`DATA_DIR/dragoman.db`",
    "DATA_DIR": "`./data`",
    "HOST": "`127.0.0.1`, HTTP mode `0.0.0.0`",
    "PORT": "`3000`",
    "LOG_FORMAT": "by terminal",
}
MOST_LINES_OF_README = 150
MOST_BYTES_OF_PICTURE = 200_000


def _rows(page: str, heading: str) -> list[list[str]]:
    """Read the cells of the table whose first column is called `heading`."""
    rows: list[list[str]] = []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and (rows or cells[0] == heading):
            rows.append(cells)
        elif rows:
            break
    return rows[2:]


def _commands() -> dict[str, typer.models.CommandInfo]:
    return {
        command.name or command.callback.__name__: command
        for command in cli.app.registered_commands
        if command.callback is not None
    }


def _default(field: str) -> str:
    """Write a field's default as the README does."""
    default = Config.model_fields[field].default
    text = str(default.get_secret_value() if hasattr(default, "get_secret_value") else default)
    return f"`{text}`" if text else "-"


def _targets(page: str) -> set[str]:
    """Give the headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_the_example_names_every_variable_and_no_other() -> None:
    """`.env.example` has exactly the variables of Config, each empty and each under words about it."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    named = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    assert sorted(named) == sorted(Config.variables())
    assert all(line.endswith("=") for line in lines if line and not line.startswith("#"))
    for before, line in pairwise(["", *lines]):
        assert not (line and not line.startswith("#")) or before, f"nothing is said about {line}"


def test_the_example_alone_sets_nothing() -> None:
    """Copied as it is, `.env.example` leaves every default standing."""
    needed = {"SLACK_BOT_TOKEN": "xoxb-1-2", "SLACK_APP_TOKEN": "xapp-1-2", "COMETAPI_KEY": "key"}
    assert Config.load(needed, env_file=ROOT / ".env.example") == Config.load(needed, env_file=None)


def test_the_readme_has_a_row_for_every_variable_with_its_default() -> None:
    """The README's table has exactly Config's variables, in their order, with the defaults that apply."""
    rows = _rows(README, "variable")
    assert [row[0].strip("`") for row in rows] == list(Config.variables())
    fields = {str(field.alias): name for name, field in Config.model_fields.items()}
    shown = {row[0].strip("`"): row[2] for row in rows}
    assert shown == {name: DEFAULTS_IN_WORDS.get(name) or _default(fields[name]) for name in shown}
    assert all(row[1] for row in rows)


def test_defaults_in_words_are_those_of_the_code() -> None:
    """What the README says in words of a default is what Config does."""
    both = {"SLACK_BOT_TOKEN": "xoxb-1-2", "COMETAPI_KEY": "key"}
    socket = Config.load(both | {"SLACK_APP_TOKEN": "xapp-1-2"}, env_file=None)
    http = Config.load(both | {"SLACK_SIGNING_SECRET": "s" * 32}, env_file=None)
    assert (socket.host, http.host) == ("127.0.0.1", "0.0.0.0")  # noqa: S104 -- compared, not listened on
    assert socket.port == 3000
    assert socket.sqlite_path == socket.data_dir / "dragoman.db"
    assert socket.data_dir.name == "data"
    assert not socket.log_format


def test_the_example_says_the_same_defaults() -> None:
    """Each plain default stands in the words above its variable in `.env.example`."""
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in ("slack_api_url", "translation_base_url", "translation_model", "endpoint_concurrency"):
        assert f"Default: {Config.model_fields[name].default}\n" in example
    for name in ("max_file_mb", "max_minutes", "confirm_minutes"):
        assert f"Default: {Config.model_fields[name].default}" in example


def test_the_readme_can_be_read_in_one_go() -> None:
    """The README has under 150 lines and opens with a demonstration that needs nothing."""
    assert len(README.splitlines()) < MOST_LINES_OF_README
    assert re.search(r"^make demo\b", README, re.MULTILINE)
    assert re.search(r"^make test\b", README, re.MULTILINE)


def test_every_make_target_that_is_named_exists() -> None:
    """Pages name only targets of the Makefile, and each of its targets says what it does."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {
        name
        for page in PAGES
        for name in re.findall(r"\bmake ([a-z]+)\b(?=[`\s]*(?:$|#|`|,|;))", _code(page))
    }
    assert {"demo", "test", "check"} <= named
    assert named <= targets
    assert set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE)) == targets


def _code(page: Path) -> str:
    """Give what stands as code in a page, one piece per line."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", text)])


def test_every_command_that_is_named_exists() -> None:
    """Pages name only commands and options that `dragoman` has."""
    named: set[str] = set()
    for page in PAGES:
        for command, rest in re.findall(r"^dragoman ([a-z]+)(.*)$", _code(page), re.MULTILINE):
            named.add(command)
            options = set(re.findall(r"(--[a-z-]+)", rest))
            assert options <= _options(command), f"{page.name}: dragoman {command} {options}"
    assert {"run", "sandbox", "translate", "manifest", "migrate"} <= named
    assert named <= _commands().keys()


def _options(command: str) -> set[str]:
    built = typer.main.get_command(cli.app)
    found = getattr(built, "commands", {}).get(command)
    return {option for parameter in getattr(found, "params", []) for option in parameter.opts}


def test_the_procfile_starts_what_exists() -> None:
    """Each line of the Procfile is a process type and a command of ours."""
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()
    started = {line.partition(": ")[0]: line.partition(": ")[2].split() for line in lines}
    assert started.keys() == {"web", "release"}
    for program, command in started.values():
        assert program == "dragoman"
        assert command in _commands()


def test_the_changelog_says_what_is_new() -> None:
    """The changelog opens with what is not released yet, or with this very version."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first, *_ = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert first in {"Unreleased", bot.__version__}


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES])
def test_every_link_leads_somewhere(page: Path) -> None:
    """Every link within the project has something at its end, headings included."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            assert link.startswith("https://"), link
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        assert not heading or heading in _targets(target.read_text(encoding="utf-8")), link


def test_every_picture_is_there_small_and_in_words() -> None:
    """Pages show every picture that `make screenshots` takes, each under 200 kB, and say what is on it."""
    shown: set[Path] = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        said = dict(re.findall(r'<img src="([^"]+)" alt="([^"]+)"', text))
        said |= {path: words for words, path in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text)}
        assert all(len(words) > 40 for words in said.values()), page.name
        shown |= {(page.parent / path).resolve() for path in [*said, *re.findall(r'srcset="([^"]+)"', text)]}
    assert shown == {path.resolve() for path in (ROOT / "docs" / "images").iterdir()}
    assert all(path.stat().st_size < MOST_BYTES_OF_PICTURE for path in shown)


def test_every_file_of_ours_that_is_named_exists() -> None:
    """Paths into `bot/`, `tests/`, `docs/` and `tools/` that pages show are there."""
    paths = {
        (page.name, path)
        for page in PAGES
        for path in re.findall(
            r"(?<![\w/.])((?:bot|tests|docs|tools|benchmarks)/[\w./-]*\w)", page.read_text(encoding="utf-8")
        )
    }
    assert paths
    assert {(name, path) for name, path in paths if not (ROOT / path).exists()} == set()


def test_the_glossary_has_the_words_of_the_code() -> None:
    """The glossary has one row per word; what it says of the code is there; no word stands twice."""
    rows = _rows((ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), "word")
    words = [row[0] for row in rows]
    assert len(set(words)) == len(words)
    for word in ("share", "job, step, ending", "road, stage", "piece, segment", "spool", "notice", "mode"):
        assert word in words
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py"))
    for name in {name for row in rows for name in re.findall(r"`([A-Za-z_.]+)", row[-1])}:
        assert re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", source), name


# Trouble that is no row of the code's table: its cells are written by hand, its words are those of the code.
NOT_IN_THE_TABLE: tuple[tuple[str, type[errors.EndpointError], str], ...] = (
    ("nothing at all within 120 s", errors.EndpointSlowError, "1; from 60 s on also its halves"),
    ("no connection, or one that breaks off", errors.EndpointDownError, f"up to {MOST_TRIES}"),
    ("200 with a text in another language than English", errors.NotEnglishError, "1 for each engine"),
    ("any sign that it has no model, where that is `whisper-1`", errors.EndpointRetiredError, "1"),
    ("(engine `local`) the model cannot be loaded", errors.LocalModelError, "none"),
)


def _said(row: Row) -> str:
    """Write what fits a row of the code's table: statuses, then the signals, or that there are none."""
    numbers = [number for number in range(100, 1000) if number in row.statuses]
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] + 1 == number:
            runs[-1].append(number)
        else:
            runs.append([number])
    statuses = ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)  # noqa: RUF001 -- a range
    if row.statuses == ANY:
        statuses = "any"
    signals = [f"`{code}`" for code in row.codes] + [f"“{word}”" for word in row.words]
    others = {"any": "anything else", "200–299": "200–299 without a text", "400–499": "any other 400–499"}  # noqa: RUF001 -- as above
    return f"{statuses} with {', '.join(signals)}" if signals else others.get(statuses, statuses)


def _requests(row: Row) -> str:
    """Write how many requests a row is worth."""
    tries = "1" if row.tries == 1 else f"up to {row.tries}"
    if row.error is errors.EndpointSlowError:
        return f"{tries}; from {SHORTEST_TO_HALVE_SECONDS:.0f} s on 1, then its halves"
    statuses = [number for number in range(100, 1000) if number in row.statuses]
    is_tried_as_mp3 = all(names_the_sound(status, b"") for status in statuses)
    return f"{tries}, then {tries} as MP3" if is_tried_as_mp3 else tries


def _what_comes_of(error: type[errors.EndpointError]) -> list[str]:
    """Write what people read first, and what the admin hears."""
    end = re.search(r"[.] ", error.text)
    first = Terms().spell(error.text[: end.start() + 1] if end else error.text)
    hears = f"`{error.reason}`" if error.reason in MENDED_BY_AN_ADMIN else "nothing"
    return [f"“{first}”", hears]


def test_the_page_about_trouble_has_every_row_of_the_table_of_errors() -> None:
    """What an endpoint can answer stands on the page as in the code, cell by cell and in its order."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    rows = _rows(page, "the endpoint says")
    wanted = [[_said(row), *_what_comes_of(row.error), _requests(row)] for row in TABLE]
    wanted += [[said, *_what_comes_of(error), requests] for said, error, requests in NOT_IN_THE_TABLE]
    assert [row[:4] for row in rows] == wanted
    assert all(len(row) == 5 and row[4] for row in rows), "what to do is said in every row"


def test_the_page_about_trouble_knows_all_that_people_read() -> None:
    """Every error of the endpoint stands on the page with its first words."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    kinds: list[type[errors.EndpointError]] = errors.EndpointError.__subclasses__()
    kinds += [deeper for kind in kinds for deeper in kind.__subclasses__()]
    assert errors.EndpointBusyError in kinds
    for kind in kinds:
        assert Terms().spell(kind.text).partition(".")[0] in page, kind.__name__


@pytest.mark.parametrize("text", [*DOUBTS.values(), NO_SPEECH_TEXT, ALREADY_ENGLISH_TEXT, WAITING_TEXT])
def test_the_page_about_trouble_knows_the_quiet_lines_and_marks(text: str) -> None:
    """Whoever wonders at a mark, or a line instead of a text, finds its words among the symptoms."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    shown = [words for row in _rows(page, "symptom") for words in re.findall(r'"([^"]+)"', row[0])]
    assert [words for words in shown if words in text]


def test_no_file_names_an_index_or_somebodys_folder() -> None:
    """No file of the project names a package index or a path of the machine it was written on."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    # Written so that this very file does not match.
    hosts = [r"py[p]i\.org", r"python[h]osted\.org", r"--index[-]url [^$]", r"--extra-index[-]url"]
    folders = [r"/[r]oot/", r"/[U]sers/[a-z]", r"/[h]ome/[a-z]", r"/[w]ork/"]
    found = subprocess.run(  # noqa: S603 -- fixed words only
        ["git", "-c", "safe.directory=*", "grep", "-n", "-I", "-E", "|".join([*hosts, *folders])],  # noqa: S607 -- git of the PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""
    assert found.returncode == 1  # 1: searched and found nothing
