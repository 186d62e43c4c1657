"""Dragoman: a voice message in any language, answered with its English text in the thread.

The road of one audio file, in the order of the words:

    receive → jobs → download → prepare → translate → judge → reply

`receive.py` makes jobs of a Slack message, `jobs.py` keeps them over a crash, `road.py` carries each to its
ending at a `bench.py` of its own. `decoder/` is the child that hears a file and cuts it, `fork_server.py`
is where such children come from. `line.py` asks an engine, as often as a piece is worth it and while its
`breaker.py` is closed; `halving.py` is for pieces that take too long, `hopeless.py` for those that
nothing helps; `judge.py` weighs what `evidence/` finds; `join.py` puts the pieces together again.
`compose.py` words the reply (with `long_text.py`, `paragraphs.py` and `rich_text.py`) and chooses what
goes along (`document.py`, `original.py`, `subtitles.py`, sent by `upload.py`). `disclosure.py` tells
people where the sound goes.
`engines/` are the ways to get English from sound, made and ordered by `lines.py`; `surfaces/` is where
people ask, `store/` what is remembered, `transport/` how Slack reaches us, `shell/` the road without
Slack, `doctor/` looks whether all of it works, `sandbox/` is a Slack to play with.
`app.py` joins the parts; `cli.py` starts them.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name):  # noqa: ANN001, ANN202 -- the checker is to see the one name above and no other
        # Looked up when asked for: the import alone takes 35 ms, and a decoder child needs no version.
        if name != "__version__":
            raise AttributeError(name)
        from importlib.metadata import version  # noqa: PLC0415 -- see above

        return version("dragoman")
