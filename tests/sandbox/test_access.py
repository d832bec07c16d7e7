"""Who may open which mailbox, and in which words Exchange refuses."""

import pytest

KELLER = "keller@werft.example"
VERKAUF = "verkauf@werft.example"
INBOX = '<t:DistinguishedFolderId Id="inbox"/>'


def get_folder(folder: str) -> str:
    return (
        "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
        f"<m:FolderIds>{folder}</m:FolderIds></m:GetFolder>"
    )


def named(address: str) -> str:
    return (
        '<t:DistinguishedFolderId Id="inbox"><t:Mailbox><t:EmailAddress>'
        f"{address}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>"
    )


@pytest.mark.parametrize("kind", ["PrimarySmtpAddress", "SmtpAddress", "PrincipalName"])
def test_the_service_account_acts_as_a_mailbox_named_in_three_ways(ask, kind):
    envelope = ask.envelope(get_folder(INBOX)).replace(
        b"PrimarySmtpAddress", kind.encode()
    )
    status, _, body = ask.http(envelope)
    assert status == 200
    assert b"NoError" in body


def test_a_security_id_is_refused(ask):
    envelope = ask.envelope(get_folder(INBOX)).replace(b"PrimarySmtpAddress", b"SID")
    status, _, body = ask.http(envelope)
    assert status == 500
    assert b"ErrorInvalidUserSid" in body


def test_a_denied_mailbox_is_a_fault_and_counted(ask, sandbox):
    sandbox.settings.denied.add(("svc", VERKAUF))
    status, _, body = ask.http(ask.envelope(get_folder(INBOX), VERKAUF))
    assert status == 500
    assert b"a:ErrorImpersonateUserDenied" in body
    (fault,) = sandbox.ledger.client_faults
    assert (fault.kind, fault.mailbox) == ("impersonation_denied", VERKAUF)
    assert ask.codes(get_folder(INBOX)) == ["NoError"]


def test_an_unknown_mailbox_is_a_fault_and_counted(ask, sandbox):
    assert ask.codes(get_folder(INBOX), "x@y.example") == ["ErrorNonExistentMailbox"]
    assert sandbox.ledger.client_faults[0].kind == "unknown_mailbox"


def test_a_delegate_opens_what_he_is_not_denied(ask, sandbox):
    assert ask.codes(get_folder(named(VERKAUF)), None) == ["NoError"]
    sandbox.settings.denied.add(("svc", VERKAUF))
    assert ask.codes(get_folder(named(VERKAUF)), None) == ["ErrorAccessDenied"]
    assert ask.codes(get_folder(named("x@y.example")), None) == [
        "ErrorNonExistentMailbox"
    ]


def test_whoever_acts_as_one_mailbox_opens_no_other(ask, sandbox, mail):
    assert ask.codes(get_folder(named(VERKAUF)), KELLER) == ["ErrorAccessDenied"]
    (foreign,) = sandbox.deliver(mail(), VERKAUF)
    body = (
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        f'<m:ItemIds><t:ItemId Id="{foreign}"/></m:ItemIds></m:GetItem>'
    )
    assert ask.codes(body, KELLER) == ["ErrorAccessDenied"]
    assert ask.codes(body, VERKAUF) == ["NoError"]


def test_an_account_without_mailbox_must_name_one(ask):
    assert ask.codes(get_folder(INBOX), None) == ["ErrorMissingEmailAddress"]


def test_an_account_that_is_a_mailbox_needs_not(sandbox, ask_of):
    sandbox.settings.users[KELLER] = "k"
    assert ask_of(sandbox, KELLER, "k").codes(get_folder(INBOX), None) == ["NoError"]


def test_one_failing_folder_does_not_hinder_the_others(ask):
    folders = INBOX + '<t:DistinguishedFolderId Id="voicemail"/>' + INBOX
    answer = ask(get_folder(folders))
    classes = [
        m.get("ResponseClass") for m in answer.iter("{*}GetFolderResponseMessage")
    ]
    assert classes == ["Success", "Error", "Success"]
    error = answer[0][1]
    assert error.findtext("{*}ResponseCode") == "ErrorFolderNotFound"
    assert error.findtext("{*}DescriptiveLinkKey") == "0"
    assert len(error.find("{*}Folders")) == 0


@pytest.mark.parametrize(
    ("identity", "code"),
    [("AAAA", "ErrorInvalidIdMalformed"), ("nicht base64!", "ErrorInvalidIdMalformed")],
)
def test_an_id_that_never_was_one_is_malformed(ask, identity, code):
    assert ask.codes(get_folder(f'<t:FolderId Id="{identity}"/>')) == [code]


def test_ids_are_case_sensitive(ask, sandbox, mail):
    (identity,) = sandbox.deliver(mail(), KELLER)
    other = identity[:-4].swapcase() + identity[-4:]
    body = (
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
        f'<m:ItemIds><t:ItemId Id="{other}"/><t:ItemId Id="{identity}"/></m:ItemIds>'
        "</m:GetItem>"
    )
    assert ask.codes(body)[1] == "NoError"
    assert ask.codes(body)[0] in {"ErrorItemNotFound", "ErrorInvalidIdMalformed"}


def test_the_ledger_names_every_mailbox_asked_for(ask, sandbox):
    ask(get_folder(INBOX), KELLER)
    ask(get_folder(named(VERKAUF)), None)
    assert sandbox.ledger.mailboxes_asked() == {KELLER, VERKAUF}
    assert sandbox.ledger.verbs() == {"GetFolder": 2}
