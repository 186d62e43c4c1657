"""Where the sound goes is said as it is, whatever engines are configured."""

from __future__ import annotations

import pytest

from bot.disclosure import where_sound_goes

BASE_URL = "https://api.example.org:8443/secret-path/v1"
HOST, HERE, FAILS = "api.example.org", "on the machine that I run on", "Where that fails, it "


@pytest.mark.parametrize(
    ("engines", "sentences"),
    [
        pytest.param(["translations"], ["goes to HOST to be translated;"], id="translations"),
        pytest.param(["two-step"], ["goes to HOST to be written down, and then its words"], id="two-step"),
        pytest.param(
            ["translations", "two-step"],
            ["goes to HOST to be translated;", "goes to HOST to be written down, and then its words"],
            id="both of the endpoint",
        ),
        pytest.param(
            ["translations", "local"],
            ["goes to HOST to be translated;", f"is translated {HERE}"],
            id="local 2nd",
        ),
        pytest.param(
            ["local", "two-step"],
            [f"is translated {HERE}", "goes to HOST to be written down, and then its words"],
            id="local first",
        ),
    ],
)
def test_it_is_said_of_each_engine(engines: list[str], sentences: list[str]) -> None:
    """The host that gets the sound, and what else it gets, of the first engine and of the second."""
    said = where_sound_goes(engines, BASE_URL)
    parts = said.split(FAILS)
    assert said.startswith("The sound ")
    assert len(parts) == len(engines)
    for part, sentence, engine in zip(parts, sentences, engines, strict=True):
        assert sentence.replace("HOST", HOST) in part
        assert ("prompt and terms go along" in part) is (engine != "local")
    assert "secret-path" not in said


def test_local_alone_sends_nothing() -> None:
    """With the engine of this machine alone no host is named: what is said there stays there."""
    said = where_sound_goes(["local"], BASE_URL)
    assert "stays on the machine that I run on" in said
    assert HOST not in said
