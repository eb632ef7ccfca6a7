"""Bars on the terminal."""

from __future__ import annotations

import pytest

from harmonize.pipelines.progress import document_bars, document_count


def test_a_corpus_that_is_read_has_a_full_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with document_bars(["aimed", "ddi"]) as advance:
        for number in range(1, 5):
            advance("ddi", number)
    aimed, ddi = capsys.readouterr().err.splitlines()
    assert aimed.split()[0] == "aimed"
    assert ddi.split()[0] == "ddi"
    assert ddi.split()[-3:-1] == ["4/4", "documents"]
    assert ddi.count("documents") == 1


def test_no_bar_is_shown_before_anything_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="settings"), document_bars(["aimed", "ddi"]):
        raise ValueError("settings")
    assert not capsys.readouterr().err


def test_documents_are_counted_on_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("FORCE_COLOR", "TTY_COMPATIBLE"):  # by which rich takes anything for a terminal
        monkeypatch.delenv(variable, raising=False)
    with document_count() as advance:
        advance(7)
    assert not capsys.readouterr().err
    monkeypatch.setenv("FORCE_COLOR", "1")
    with document_count() as advance:
        advance(7)
    assert "7 documents" in capsys.readouterr().err
