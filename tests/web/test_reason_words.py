"""Every reason has a sentence in words, in both languages."""

from datetime import UTC, datetime

import pytest
from flask import Flask, g

from crm_core.linking.reasons import OF_HOLD, OF_SUGGESTION, Reason, ReasonCode
from crm_core.models import Hold, LinkReason, SuggestionReason
from crm_web.reason_words import SENTENCES, reason_text

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
FULL = {"by": "A. Frei", "at": AT, "evidence": "R-2231", "name": "Meier"}


@pytest.mark.parametrize("code", ReasonCode)
@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("values", [FULL, {**FULL, "evidence": "", "name": ""}])
def test_every_reason_is_a_sentence(
    app: Flask, code: ReasonCode, language: str, values: dict[str, object]
) -> None:
    with app.test_request_context():
        g.language = language
        said = reason_text(Reason(code, **values))  # type: ignore[arg-type]
    assert said.strip() == said != ""
    assert "%(" not in said
    assert "  " not in said


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_is_translated(app: Flask, code: ReasonCode) -> None:
    said = {}
    with app.test_request_context():
        for language in ("de", "en"):
            g.language = language
            said[language] = reason_text(Reason(code, **FULL))  # type: ignore[arg-type]
    assert said["de"] != said["en"]


def test_every_kind_of_link_hold_and_offer_has_a_reason() -> None:
    assert {ReasonCode(kind.value) for kind in LinkReason} <= SENTENCES.keys()
    assert OF_HOLD.keys() == set(Hold)
    assert OF_SUGGESTION.keys() == set(SuggestionReason)
