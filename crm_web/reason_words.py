"""Why a mail is in an entry, held or offered: ``crm_core.linking.reasons`` as a sentence.

Every code has one; a test walks them all in both languages. Without a full stop, so
that it stands beside a mail or after «because: …».
"""

from collections.abc import Mapping
from types import MappingProxyType

from crm_core.linking.reasons import Reason, ReasonCode
from crm_web.i18n import gettext, show_date
from crm_web.i18n import lazy as _

_SENTENCES = {
    ReasonCode.MANUAL: _("linked by %(by)s on %(at)s"),
    ReasonCode.TOKEN: _("%(evidence)s in the subject"),
    ReasonCode.KEYWORD: _("keyword %(evidence)s in the subject"),
    ReasonCode.CATEGORY: _("category «CRM» in Outlook"),
    ReasonCode.SUGGESTION: _("suggestion accepted by %(by)s on %(at)s"),
    ReasonCode.REPLY: _("answer to the e-mail of %(at)s (Message-ID)"),
    ReasonCode.ANSWERED: _("the e-mail of %(at)s answers it (Message-ID)"),
    ReasonCode.SAME_REFERENCES: _("same conversation (Message-ID)"),
    ReasonCode.SAME_THREAD_INDEX: _("same conversation (Thread-Index, %(evidence)s)"),
    ReasonCode.SAME_SERVER_THREAD: _("same conversation (Exchange, %(evidence)s)"),
    ReasonCode.SAME_CONVERSATION: _("same conversation"),
    ReasonCode.HELD_UNCONFIRMED_SENDER: _("sender not confirmed (DMARC)"),
    ReasonCode.HELD_INTERNAL_ONLY: _("among colleagues only"),
    ReasonCode.HELD_OTHER_CUSTOMER: _("from %(name)s, who takes no part here"),
    ReasonCode.HELD_MASS_MAIL: _("answer to an e-mail to many recipients"),
    ReasonCode.HELD_AMBIGUOUS_SENDER: _("names no sender, or several"),
    ReasonCode.EXCLUDED: _("taken out by hand"),
    ReasonCode.ONLY_OPEN_ENTRY: _("only open entry of %(name)s"),
    ReasonCode.SIMILAR_SUBJECT: _("same sender (%(name)s), similar subject"),
    ReasonCode.DOCUMENT_NUMBER: _("document %(evidence)s in the subject"),
    ReasonCode.OUTSIDE_TOKEN: _("%(evidence)s in the subject, but from outside"),
    ReasonCode.BARE_TOKEN: _("%(evidence)s in the subject, without brackets"),
    ReasonCode.QUOTED_TOKEN: _("%(evidence)s in an answer or a forwarded e-mail"),
    ReasonCode.OUTSIDE_KEYWORD: _("keyword %(evidence)s, but from outside"),
    ReasonCode.AMBIGUOUS_COUNTERPART: _("keyword %(evidence)s, several customers"),
    ReasonCode.REMOVED_BEFORE: _("the link was removed by hand before"),
    ReasonCode.FILED: _("category «CRM» in Outlook, no single entry fits"),
    ReasonCode.PARTICIPANT_EMAIL: _("from or to %(name)s (%(evidence)s)"),
    ReasonCode.PARTICIPANT_DOMAIN: _("from or to %(name)s (domain %(evidence)s)"),
}
SENTENCES: Mapping[ReasonCode, str] = MappingProxyType(_SENTENCES)

# Where neither evidence nor name was kept, the sentence does without.
_BARE = {
    ReasonCode.ONLY_OPEN_ENTRY: _("only open entry"),
    ReasonCode.SIMILAR_SUBJECT: _("similar subject"),
    ReasonCode.DOCUMENT_NUMBER: _("document number in the subject"),
    ReasonCode.SAME_THREAD_INDEX: _("same conversation (Thread-Index)"),
    ReasonCode.SAME_SERVER_THREAD: _("same conversation (Exchange)"),
    ReasonCode.TOKEN: _("number in the subject"),
    ReasonCode.KEYWORD: _("keyword in the subject"),
    ReasonCode.OUTSIDE_TOKEN: _("number in the subject, but from outside"),
    ReasonCode.BARE_TOKEN: _("number in the subject, without brackets"),
    ReasonCode.QUOTED_TOKEN: _("number in an answer or a forwarded e-mail"),
    ReasonCode.OUTSIDE_KEYWORD: _("keyword in the subject, but from outside"),
    ReasonCode.AMBIGUOUS_COUNTERPART: _("keyword in the subject, several customers"),
}


def reason_text(reason: Reason) -> str:
    """The sentence in the reader's language; never empty."""
    sentence = SENTENCES[reason.code]
    if not (reason.evidence or reason.name):
        sentence = _BARE.get(reason.code, sentence)
    return gettext(
        sentence,
        by=reason.by or "?",
        at=show_date(reason.at),
        evidence=reason.evidence or "?",
        name=reason.name or "?",
    )
