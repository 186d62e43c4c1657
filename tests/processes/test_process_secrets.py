"""What a whole run leaves behind: logs and database rows without tokens and keys, logs without words."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

import sqlalchemy as sa
from real_bot import real_stage

from bot.config import Config
from bot.sandbox.endpoint_answers import failing
from bot.sandbox.faults import Fault
from bot.store.jobs_database import open_jobs_engine
from recordings import sample

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from real_bot import RealStage, Starter

pytest_plugins = ("process_fixtures",)

PROMPT = "Zanzibar Quokka, Xylophonic"


async def act(stage: RealStage) -> None:
    """Let happen what may: a prompt, translations, refusals, a lost connection, an end and a new start."""
    slack = stage.slack
    assert (await slack.command("/translate", f"prompt {PROMPT}")).acked
    assert (await slack.command("/translate", "status")).acked
    slack.faults.add(Fault("lost_after", "chat.postMessage"))
    stage.endpoint.script(None, failing(401, message=f"invalid key {stage.endpoint.key}"), failing(500))
    shares = [await slack.share(sample(name).path) for name in ("parcel", "login", "invoice")]
    await stage.answered(*shares)
    await stage.settled()
    assert {one.prompt for one in stage.endpoint.requests} == {PROMPT}
    slack.faults.add(Fault("sign_in_page"))
    forbidden = await slack.share(sample("shoes").path, text="Bucharest Nightingale")
    await stage.answered(forbidden)
    await stage.bot.kill()
    await stage.bot.start()
    assert await stage.bot.stop() == 0


def all_rows(environ: Mapping[str, str]) -> str:
    """Give everything that stands in the database."""
    engine = open_jobs_engine(Config.load(environ, env_file=None).jobs_database_url)
    schemas = ["public", "dbos"] if engine.dialect.name == "postgresql" else [None]
    rows = []
    with engine.connect() as connection:
        for schema in schemas:
            metadata = sa.MetaData()
            metadata.reflect(connection, schema=schema)
            for table in metadata.sorted_tables:
                rows += [repr(tuple(row)) for row in connection.execute(sa.select(table))]
    engine.dispose()
    return "\n".join(rows)


async def test_what_a_run_leaves_behind(starter: Starter, tmp_path: Path, database: dict[str, str]) -> None:
    """No log line and no row holds a token or the key; no log line holds a word of what people said."""
    more = database | {"LOG_LEVEL": "debug"}
    async with real_stage(starter, tmp_path, more=more) as stage:
        await act(stage)
        slack, log, rows = stage.slack, stage.bot.log, all_rows(stage.bot.environ)
        # In its own folder, so what it holds is what the bot wrote there, whatever SQLite makes of it.
        files = [one.read_bytes() for one in (tmp_path / "data").rglob("*") if one.is_file()]
        secrets = (slack.bot_token, slack.app_token, slack.signing_secret, stage.endpoint.key)
        for secret in secrets:
            assert secret not in log
            assert secret not in rows
            assert not any(secret.encode() in one for one in files)
        assert "job.ended" in log
        assert PROMPT in rows
        assert not any((tmp_path / "data" / "spool").iterdir())
        texts = [sample(name).english for name in ("parcel", "login", "shoes")]
        words = re.findall(r"\w{6,}", " ".join([PROMPT, "Bucharest Nightingale", *texts]).lower())
        assert not set(words) & set(re.findall(r"\w{6,}", log.lower()))


async def test_a_full_disk_tells_no_words(starter: Starter, tmp_path: Path) -> None:
    """When what was translated cannot be stored, the log says so, and no word of it."""
    async with real_stage(starter, tmp_path, more={"LOG_LEVEL": "debug"}) as stage:
        assert (await stage.slack.command("/translate", f"prompt {PROMPT}")).acked
        with sqlite3.connect(tmp_path / "data" / "dragoman.db") as connection:
            connection.execute(
                "CREATE TRIGGER full BEFORE INSERT ON operation_outputs"
                " WHEN new.function_name = 'translate-0' BEGIN SELECT RAISE(FAIL, 'disk full'); END"
            )
        connection.close()
        await stage.slack.share(sample().path)
        await stage.asked(1)
        await stage.bot.until(lambda _: "disk full" in stage.bot.log, "/healthz")
        assert await stage.bot.stop() == 0
        words = set(re.findall(r"\w{6,}", f"{PROMPT} {sample().english}".lower()))
        assert not words & set(re.findall(r"\w{6,}", stage.bot.log.lower()))
