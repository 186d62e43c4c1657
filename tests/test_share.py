"""Which files people would call recordings, and how jobs are named."""

from __future__ import annotations

import pytest

from bot.share import Job, Share, SlackFile


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        pytest.param({"subtype": "slack_audio", "mimetype": "video/mp4"}, "audio", id="a clip called video"),
        pytest.param({"subtype": "slack_video", "mimetype": "video/mp4"}, "video", id="a video clip"),
        pytest.param({"subtype": "slack_video", "mimetype": "audio/mp4"}, "video", id="the subtype wins"),
        pytest.param({"mimetype": "audio/mpeg"}, "audio", id="by mimetype"),
        pytest.param({"mimetype": "AUDIO/MPEG"}, "audio", id="mimetype in capitals"),
        pytest.param({"mimetype": "video/quicktime"}, "video", id="video by mimetype"),
        pytest.param({"mimetype": "video/mp4", "media_display_type": "audio"}, "audio", id="shown as audio"),
        pytest.param({"media_display_type": "video"}, "video", id="shown as video"),
        pytest.param({"filetype": "m4a"}, "audio", id="by filetype"),
        pytest.param({"filetype": "mov"}, "video", id="video by filetype"),
        pytest.param(
            {"mimetype": "application/octet-stream", "name": "Memo.OGG"}, "audio", id="by extension"
        ),
        pytest.param({"name": "film.MKV"}, "video", id="video by extension"),
        pytest.param({"title": "memo.amr"}, "audio", id="by the title where the name is missing"),
        pytest.param({"mimetype": "application/pdf", "name": "mp3"}, "", id="a name without a dot"),
        pytest.param({"mimetype": "image/png", "filetype": "png", "name": "a.png"}, "", id="a picture"),
        pytest.param({"mimetype": "text/plain", "filetype": "text", "name": "mp3.txt"}, "", id="a text"),
        pytest.param({}, "", id="nothing known"),
    ],
)
def test_what_people_call_it(payload: dict[str, object], kind: str) -> None:
    """Subtype, then mimetype and display type, then file type and extension decide."""
    file = SlackFile.from_payload({"id": "F1", **payload})
    assert file.is_video() is (kind == "video")
    assert ("audio" if file.is_audio() else "video" if file.is_video() else "") == kind


def test_odd_values_become_empty() -> None:
    """Whatever kind of value stands in a field, nothing breaks and nothing odd gets in."""
    odd = dict.fromkeys(["id", "name", "title", "mimetype", "filetype", "mode", "url_private"], 7)
    file = SlackFile.from_payload({**odd, "size": "9", "duration_ms": None, "is_external": "true"})
    assert file == SlackFile(id="", mode="", file_access="")


def test_sizes_and_lengths_are_slacks_word() -> None:
    """A size of zero says nothing, milliseconds become seconds."""
    assert SlackFile.from_payload({"size": 0, "duration_ms": 6370}).size_bytes is None
    assert SlackFile.from_payload({"size": 12, "duration_ms": 6370}).duration_seconds == pytest.approx(6.37)


@pytest.mark.parametrize("duration_ms", [0, -1, 0.0, None, "6370", float("nan")])
def test_a_length_that_is_none(duration_ms: object) -> None:
    """A length of nothing is one that Slack did not tell: it answers no question about long recordings."""
    assert SlackFile.from_payload({"duration_ms": duration_ms}).duration_seconds is None


@pytest.mark.parametrize(
    ("payload", "is_stub"),
    [
        pytest.param({"mode": "file_access", "file_access": "check_file_info"}, True, id="Slack Connect"),
        pytest.param({"mode": "file_access"}, True, id="only the mode says so"),
        pytest.param({"mode": "hosted", "file_access": "visible"}, False, id="a whole file"),
    ],
)
def test_a_stub_is_known(payload: dict[str, str], *, is_stub: bool) -> None:
    """A file of which only the id is known is told from one that is whole."""
    assert SlackFile.from_payload(payload).is_stub is is_stub


def test_a_job_is_named_by_what_it_answers() -> None:
    """Workspace, channel, message, file and attempt make the key; the reply goes to the parent's thread."""
    share = Share("T1", "C1", "2.0", SlackFile("F1", mode="tombstone"), thread_ts="1.0")
    assert Job(share, attempt=2).id == "T1:C1:2.0:F1:2"
    assert share.reply_ts == "1.0"
    assert Share("T1", "C1", "2.0", share.file).reply_ts == "2.0"
    assert share.file.is_tombstone
