"""`dragoman doctor`: does everything work that the bot needs? One line each, with the remedy.

`examine.py` has the list of the checks in their order and runs them side by side on a `patient.py`; a
`finding.py` is what one of them finds. `slack.py` asks Slack, `place.py` looks at this machine, `models.py`
at the endpoint's list; `engines.py` tries the engines, `formats.py` which formats really come back.
`telling.py` prints. Nothing here changes anything: it works beside a bot that runs.
"""
