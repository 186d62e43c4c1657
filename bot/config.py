"""Every environment variable, read once, checked, and kept with its secrets masked.

`Config.load` is the only place that looks at the environment and at `.env`. Whatever is wrong is
gathered, so that the person who runs the bot reads all of it at once and not one fault per start.
"""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from dotenv.parser import parse_stream
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import URL, make_url

from bot import shapes
from bot.engines import local_model
from bot.store.settings import Mode
from bot.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pydantic_core import ErrorDetails


class ConfigFaults(Exception):  # noqa: N818 -- it is the list of faults, and reads so where it is raised
    """Variables are missing or wrong; each fault is one clause that names its variable and the remedy.

    `str()` is exactly one line, whatever stands in the clauses.
    """

    def __init__(self, faults: Iterable[str]) -> None:
        # str.split() without arguments also splits at the line ends that only Unicode knows.
        self.faults = [" ".join(fault.split()) for fault in faults]
        super().__init__("; ".join(self.faults))


def _hidden(check: Callable[[str], str]) -> AfterValidator:
    """Apply a check to what a secret hides."""
    return AfterValidator(lambda secret: SecretStr(check(secret.get_secret_value())))


_FOLDED = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)
_WHOLE = BeforeValidator(shapes.whole_number)
_NO_SECRET = SecretStr("")

_Key = Annotated[SecretStr, _hidden(shapes.plain)]
_Name = Annotated[str, AfterValidator(shapes.plain)]


class Config(BaseSettings):
    """What the person who runs the bot decides; channels have their own settings.

    A text or a secret that is not set is empty, so nobody has to ask for None first. The variable's
    name is the field's alias; `given_…` is what was set, the property without it what applies.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, validate_default=False
    )

    slack_bot_token: Annotated[SecretStr, _hidden(shapes.bot_token)] = Field(
        default=_NO_SECRET, alias="SLACK_BOT_TOKEN"
    )
    slack_app_token: Annotated[SecretStr, _hidden(shapes.app_token)] = Field(
        default=_NO_SECRET, alias="SLACK_APP_TOKEN"
    )
    slack_signing_secret: _Key = Field(default=_NO_SECRET, alias="SLACK_SIGNING_SECRET")
    slack_client_id: str = Field(default="", alias="SLACK_CLIENT_ID")
    slack_client_secret: SecretStr = Field(default=_NO_SECRET, alias="SLACK_CLIENT_SECRET")
    slack_api_url: Annotated[str, AfterValidator(shapes.slack_url)] = Field(
        default="https://slack.com/api/", alias="SLACK_API_URL"
    )
    cometapi_key: _Key = Field(default=_NO_SECRET, alias="COMETAPI_KEY")
    translation_base_url: Annotated[str, AfterValidator(shapes.base_url)] = Field(
        default="https://api.cometapi.com/v1", alias="TRANSLATION_BASE_URL"
    )
    translation_model: _Name = Field(default="whisper-1", alias="TRANSLATION_MODEL")
    translation_engine: Annotated[str, _FOLDED, AfterValidator(shapes.engine)] = Field(
        default="translations", alias="TRANSLATION_ENGINE"
    )
    translation_fallback: Annotated[str, _FOLDED, AfterValidator(shapes.engine)] = Field(
        default="", alias="TRANSLATION_FALLBACK"
    )
    transcription_model: _Name = Field(default="gpt-transcribe", alias="TRANSCRIPTION_MODEL")
    chat_model: _Name = Field(default="gpt-5-mini", alias="CHAT_MODEL")
    local_model: str = Field(default="small", alias="LOCAL_MODEL")
    endpoint_concurrency: Annotated[int, _WHOLE, AfterValidator(shapes.at_least_one)] = Field(
        default=20, alias="ENDPOINT_CONCURRENCY"
    )
    max_file_mb: Annotated[int, _WHOLE, AfterValidator(shapes.at_least_one)] = Field(
        default=Terms().max_file_mb, alias="MAX_FILE_MB"
    )
    max_minutes: Annotated[int, _WHOLE, AfterValidator(shapes.at_least_one)] = Field(
        default=Terms().max_minutes, alias="MAX_MINUTES"
    )
    confirm_minutes: Annotated[int, _WHOLE] = Field(default=Terms().confirm_minutes, alias="CONFIRM_MINUTES")
    price_per_minute: Annotated[float, BeforeValidator(shapes.price)] | None = Field(
        default=None, alias="PRICE_PER_MINUTE"
    )
    default_mode: Annotated[Mode, _FOLDED] = Field(default=Mode.ON, alias="DEFAULT_MODE")
    alert_channel: Annotated[str, AfterValidator(shapes.alert_channel)] = Field(
        default="", alias="ALERT_CHANNEL"
    )
    given_database_url: Annotated[SecretStr, _hidden(shapes.database_url)] = Field(
        default=_NO_SECRET, alias="DATABASE_URL"
    )
    data_dir: Annotated[Path, BeforeValidator(shapes.folder)] = Field(
        default=Path("data"), alias="DATA_DIR", validate_default=True
    )
    given_host: Annotated[str, AfterValidator(shapes.host)] = Field(default="", alias="HOST")
    given_port: Annotated[int, _WHOLE, AfterValidator(shapes.port)] | None = Field(default=None, alias="PORT")
    log_level: Annotated[Literal["debug", "info", "warning", "error", "critical"], _FOLDED] = Field(
        default="info", alias="LOG_LEVEL"
    )
    log_format: Annotated[Literal["", "pretty", "json"], _FOLDED] = Field(default="", alias="LOG_FORMAT")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing behind the caller's back: `load` hands in what the environment and `.env` say."""
        del settings_cls, _, __
        return (init_settings,)

    @classmethod
    def variables(cls) -> tuple[str, ...]:
        """Name every variable, in the order of the README's table."""
        return tuple(str(field.alias) for field in cls.model_fields.values())

    @classmethod
    def load(
        cls,
        environ: Mapping[str, str] | None = None,
        env_file: str | Path | None = ".env",
        *,
        needs_slack: bool = True,
        needs_endpoint: bool = True,
    ) -> Config:
        """Read the environment and `.env`, or raise `ConfigFaults` with everything that is wrong.

        `needs_slack` is False for what works without Slack: then its variables may be missing;
        `needs_endpoint` likewise.
        """
        known = cls.variables()
        in_file, faults = _read_env_file(env_file, known)
        in_environ = _set_values(os.environ if environ is None else environ, known)
        values = in_file | in_environ
        for name, value in values.items():
            try:
                shapes.check_text(name, value)
            except ValueError as error:
                faults.append(f"{name} {error}")
        faulty = {fault.split()[0] for fault in faults}
        readable = {name: values[name] for name in values.keys() - faulty}
        gaps = [*(_slack_gaps(values) if needs_slack else ())]
        gaps += [*_endpoint_gaps(values), *_local_gaps(readable)] if needs_endpoint else ()
        try:
            config = cls.model_validate(readable)
        except ValidationError as error:
            # `from None`: pydantic's error carries the values.
            details = error.errors(include_url=False, include_input=False)
            raise ConfigFaults([*faults, *map(_clause, details), *gaps]) from None
        if faults := [*faults, *gaps]:
            raise ConfigFaults(faults)
        return config

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines in the order in which they are tried; the same one twice would be one."""
        return tuple(dict.fromkeys(filter(None, (self.translation_engine, self.translation_fallback))))

    @property
    def is_socket_mode(self) -> bool:
        """Whether Slack talks to us over a websocket; the app token decides, also beside a signing secret."""
        return bool(self.slack_app_token)

    @property
    def host(self) -> str:
        """Where to listen: Slack must reach us in HTTP mode, in Socket Mode only this machine."""
        return self.given_host or ("127.0.0.1" if self.is_socket_mode else "0.0.0.0")  # noqa: S104 -- HTTP mode is there to be reached

    @property
    def port(self) -> int:
        """The port of the health pages, and of Slack's requests in HTTP mode."""
        return 3000 if self.given_port is None else self.given_port

    @property
    def port_is_given(self) -> bool:
        """Whether somebody counts on this very port, so that a taken one is a fault in either mode."""
        return self.given_port is not None

    @property
    def sqlite_path(self) -> Path | None:
        """The database's file; None on PostgreSQL. A relative path starts at the working directory."""
        if not self.given_database_url:
            return self.data_dir / "dragoman.db"
        url = make_url(self.given_database_url.get_secret_value())
        return Path(url.database or "").absolute() if url.drivername == "sqlite" else None

    @property
    def database_url(self) -> str:
        """The database as SQLAlchemy's async engine takes it; holds the password."""
        return self._url("sqlite+aiosqlite")

    @property
    def jobs_database_url(self) -> str:
        """The same database as DBOS takes it, which works with the sync drivers; holds the password."""
        return self._url("sqlite")

    @property
    def spool_dir(self) -> Path:
        """Where audio files lie while their job runs."""
        return self.data_dir / "spool"

    @property
    def terms(self) -> Terms:
        """What is allowed for one recording, and what a minute of it costs."""
        return Terms(
            max_file_mb=self.max_file_mb,
            max_minutes=self.max_minutes,
            confirm_minutes=self.confirm_minutes,
            price_per_minute=self.price_per_minute or 0.0,
        )

    def _url(self, sqlite_driver: str) -> str:
        if path := self.sqlite_path:
            url = URL.create(sqlite_driver, database=str(path))
        else:
            # psycopg is sync and async in one.
            url = make_url(self.given_database_url.get_secret_value()).set(drivername="postgresql+psycopg")
        return url.render_as_string(hide_password=False)


# --- reading and what is missing ----------------------------------------------------------------


def _set_values(given: Mapping[str, str | None], known: Iterable[str]) -> dict[str, str]:
    """Keep the known names that say something: empty means unset, and space around a value is an accident."""
    return {name: value for name in known if (value := (given.get(name) or "").strip())}


def _read_env_file(env_file: str | Path | None, known: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    """Read `.env` literally: nothing in it is expanded, so a $ in a password stays one.

    A line that cannot be read is a fault only when it names one of our variables; others are free
    to keep theirs in the same file.
    """
    if env_file is None or not Path(env_file).exists() or Path(env_file).is_dir():
        return {}, []
    try:
        text = Path(env_file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError):
        return {}, [f"{env_file} cannot be read: make it readable and save it as UTF-8 text"]
    given: dict[str, str | None] = {}
    faults = []
    for binding in parse_stream(StringIO(text)):
        if binding.key is not None:
            given[binding.key] = binding.value
        elif binding.error:
            # A quote that is never closed swallows the lines below it, so every one of them is looked at.
            for line, content in enumerate(binding.original.string.splitlines(), binding.original.line):
                name = content.strip().removeprefix("export ").partition("=")[0].strip()
                if name in known:
                    faults.append(f"{name} cannot be read in line {line} of {env_file}: write {name}=value")
    return _set_values(given, known), faults


def _clause(error: ErrorDetails) -> str:
    """Turn pydantic's finding into our words; a list of allowed words is all it finds by itself."""
    context = error.get("ctx", {})
    allowed = str(context.get("expected", "something else")).removeprefix("'', ")
    said = context.get("error", f"must be {allowed}")
    return f"{error['loc'][0]} {said}"


def _slack_gaps(values: Mapping[str, str]) -> list[str]:
    """Say which of Slack's variables are missing, or do not go together."""
    faults = []
    oauth = " and ".join(name for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET") if name in values)
    if oauth and "SLACK_BOT_TOKEN" in values:
        faults.append(f"{oauth} and SLACK_BOT_TOKEN exclude each other: unset {oauth}")
    elif oauth:
        faults.append(f"{oauth} is set, but OAuth is not in this version: unset it and set SLACK_BOT_TOKEN")
    elif "SLACK_BOT_TOKEN" not in values:
        faults.append(
            "SLACK_BOT_TOKEN is not set: copy the Bot User OAuth Token (xoxb-…) from the app's settings"
        )
    if "SLACK_APP_TOKEN" not in values and "SLACK_SIGNING_SECRET" not in values:
        faults.append(
            "SLACK_APP_TOKEN and SLACK_SIGNING_SECRET are both not set: set the first for Socket Mode, "
            "the second for HTTP mode"
        )
    return faults


def _endpoint_gaps(values: Mapping[str, str]) -> list[str]:
    """Say which of the endpoint's variables are missing."""
    engines = {values.get(name, "").lower() for name in ("TRANSLATION_ENGINE", "TRANSLATION_FALLBACK")}
    # Without a word about the first engine it is one that needs the key.
    if "COMETAPI_KEY" in values or (engines <= {"local", ""} and "TRANSLATION_ENGINE" in values):
        return []
    return ["COMETAPI_KEY is not set: set it to your key of the translation endpoint"]


def _local_gaps(values: Mapping[str, str]) -> list[str]:
    """Say what the engine `local` lacks, where it is one of ours: a model that nobody uses may be any."""
    names = ("TRANSLATION_ENGINE", "TRANSLATION_FALLBACK")
    name = next((name for name in names if values.get(name, "").lower() == "local"), None)
    if name is None:
        return []
    if not local_model.is_installed():
        return [f"{name} {local_model.NO_PACKAGE}"]
    fault = local_model.fault_of(values.get("LOCAL_MODEL") or str(Config.model_fields["local_model"].default))
    return [f"LOCAL_MODEL {fault}"] if fault else []
