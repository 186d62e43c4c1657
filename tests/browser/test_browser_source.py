"""What the files of the page must not contain; no browser is needed to see it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bot

PAGE = Path(bot.__file__).parent / "sandbox" / "page"
SCRIPTS = sorted(PAGE.glob("*.js"))
STYLES = sorted(PAGE.glob("*.css"))
HTML = (PAGE / "index.html").read_text(encoding="utf-8")
# Whatever reads a text as HTML or as a program.
INTERPRETERS = re.compile(
    r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|parseHTMLUnsafe|createContextualFragment"
    r"|DOMParser|srcdoc|execCommand|eval)\b|\bFunction\(|document\s*\.\s*write|javascript:"
)
ELSEWHERE = re.compile(r"""(?:\bfrom|\bimport|\burl\(|@import|fetch\()\s*\(?["']?(?:https?:)?//""")
MOST_LINES = 300


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in SCRIPTS])
def test_no_text_is_read_as_html_or_program(path: Path) -> None:
    """No line of the page hands a text to what would interpret it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if INTERPRETERS.search(line)] == []


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in [*SCRIPTS, *STYLES]])
def test_each_file_is_short_and_says_what_it_does(path: Path) -> None:
    """A file's first line says what it does, a script has at most 300, and none loads from elsewhere."""
    text = path.read_text(encoding="utf-8")
    first, *_ = lines = text.splitlines()
    assert re.match(r"(//|/\*) \S.{10,}", first)
    assert path.suffix != ".js" or len(lines) <= MOST_LINES
    assert ELSEWHERE.search(text) is None


def test_the_frame_has_nothing_inline() -> None:
    """The HTML names its scripts and styles, and holds none, nor a handler."""
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\s(?:on\w+|style)=", HTML) == []


def test_all_that_the_page_names_is_shipped() -> None:
    """Every file that the frame or a script asks for is in the folder, and every script is asked for."""
    named = set(re.findall(r'(?:href|src)="([\w.-]+)"', HTML))
    for path in SCRIPTS:
        named |= set(re.findall(r'(?:from|import)\s*\(?"\./([\w.-]+)"', path.read_text(encoding="utf-8")))
    shipped = {path.name for path in PAGE.iterdir()}
    assert named - shipped == set()
    assert {path.name for path in SCRIPTS} - named == set()
