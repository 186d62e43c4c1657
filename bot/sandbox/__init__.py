"""A Slack to play with: the embedded sandbox, as strict as the real one, on this machine only.

`dragoman sandbox` is `play.py`: it starts Slack, the endpoint and the real bot (`bot_process.py`, on
`leash.py`), shares what was asked for and prints the `story.py`. `server.py` joins the parts of Slack.

What a person does goes this way:

    guard → page → control → acting → workspace → events → delivery → the bot

`guard.py` lets in only who belongs here; `page.py` serves the page, `live.py` tells it what `showing.py`
makes of each change. `control.py` opens the verbs (`control_verbs.py`, `control_interactions.py`, bodies read
by `bodies.py`, uploads by `drops.py`), which are methods of `acting.py`: `people.py` talks, `commands.py`
types, `interactions.py` presses and submits (`elements.py`, `element_values.py`, `submissions.py`).
`workspace.py` is what Slack remembers, in the forms of `records.py`, sown by `seed.py`, with the app of
`installed_app.py`, and `ephemerals.py` for one person alone. `events.py` says what the app hears of it, in
the payloads of `templates.py`; `delivery.py` carries that by `socket_mode.py` or `signed_http.py`.

What the bot does comes back through three doors: `web_api.py`, `response_urls.py`, and files by `uploads.py`
and `downloads.py`. Behind the first stand `calls.py`, `limits.py` and the table `methods.py`, with
`messages.py` (`mentions.py`), `conversations.py`, `files.py` and `views.py`; `blocks.py`, `block_shapes.py`
and `shapes.py` refuse what Slack would, and `objects.py` gives Slack's form to the rest. `refusals.py` is how
it says no, `answers.py` how that looks in HTTP, `faults.py` what goes wrong on demand, `traffic.py` the log.

Behind the curtain `backstage.py` works the bot, the reset and the stand-in `endpoint.py`, which reads forms
in `endpoint_form.py`, listens in `hearing.py`, chats in `endpoint_chat.py`, answers in `endpoint_answers.py`,
fails as `endpoint_faults.py` says and keeps what it was asked in `endpoint_records.py`. `page/` is the page,
`payloads/` Slack's JSON, `samples/` the shipped recordings.
"""
