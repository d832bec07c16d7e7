"""All nasty mail of ../shared through EWS: always an answer, always valid, soon."""

import time

KELLER = "keller@werft.example"
SECONDS = 2.0


def test_every_nasty_mail_is_answered_validly_and_soon(sandbox, ask, shared, codes_of):
    """Every property, every body, the MIME and every attachment of every mail."""
    uris = ("item:TextBody", "item:UniqueBody", "item:NormalizedBody")
    more = "".join(f'<t:FieldURI FieldURI="{uri}"/>' for uri in uris)
    more += '<t:ExtendedFieldURI PropertyTag="0x007D" PropertyType="String"/>'
    shape = "<t:IncludeMimeContent>true</t:IncludeMimeContent>"
    worst, mails, attachments = 0.0, 0, 0
    for path in sorted((shared / "corpora" / "nasty").glob("*.eml")):
        begun = time.process_time()
        (identity,) = sandbox.deliver(path.read_bytes(), KELLER)
        ask.get(identity, more=more, before=shape)
        worst = max(worst, time.process_time() - begun)
        mails += 1
        for attachment in sandbox.item(identity).attachments[:20]:
            wanted = f'<t:AttachmentId Id="{attachment.id}"/>'
            body = f"<m:AttachmentIds>{wanted}</m:AttachmentIds>"
            assert codes_of(ask(f"<m:GetAttachment>{body}</m:GetAttachment>")) == [
                "NoError"
            ]
            attachments += 1
    print(
        f"\n{mails} nasty mails, {attachments} attachments, slowest {worst:.2f} s CPU"
    )
    assert mails > 1000
    assert worst < SECONDS
    page = ask.sync()
    assert page.code == "NoError"
