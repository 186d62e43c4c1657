"""The one way in which the embedded Slack says no: an error code, and the rule that was broken."""

from __future__ import annotations

from typing import Any, Literal


class RefusedError(Exception):
    """A call breaks a rule of Slack's, or meets a fault that somebody asked for.

    `code` goes to the caller, as Slack would send it. `rule` says in words what was broken; it stands
    in the traffic log, since Slack's codes alone rarely tell what to change. `form` is how the caller
    learns of it: as JSON, as a page of HTML, or not at all because the connection is cut.
    """

    def __init__(
        self,
        code: str,
        rule: str,
        *,
        status: int = 200,
        retry_after: int | None = None,
        form: Literal["json", "page", "cut"] = "json",
        **extra: object,
    ) -> None:
        super().__init__(f"{code}: {rule}")
        self.code = code
        self.rule = rule
        self.status = status
        self.retry_after = retry_after
        self.form = form
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """Give the answer's JSON."""
        return {"ok": False, "error": self.code, **self.extra}


class SandboxMisuseError(Exception):
    """Whoever plays a person in the sandbox asked for something that Slack's client has no way to do."""
