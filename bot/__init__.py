"""Dragoman: a voice message in any language, answered with its English text in the thread.

The road of one audio file, in the order of the words:

    receive → jobs → download → prepare → translate → judge → reply

`receive.py` makes jobs of a Slack message, `jobs.py` keeps them over a crash, `road.py` carries each
to its ending. `engines/` are the ways to get English from sound, `surfaces/` where people ask,
`store/` what is remembered, `transport/` how Slack reaches us, `sandbox/` a Slack to play with.
`app.py` joins the parts; `cli.py` starts them.
"""

from importlib.metadata import version

__version__ = version("dragoman")
