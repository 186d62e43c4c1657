"""A Slack to play with: the embedded sandbox, as strict as the real one, on this machine only.

`server.py` joins the parts and is the only door; `workspace.py` is what a workspace remembers;
`methods.py` is the Web API; `events.py` and `delivery.py` tell the app what happened.
"""
