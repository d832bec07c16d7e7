"""Random mails among few people, so that keys often meet: for property tests."""

from eight_cases import sixteen
from hypothesis import strategies as st
from thread_world import MAILBOXES, Letter, letter

PEOPLE = ("meier@kunde.example", "huber@kunde2.example", "web@werft.example")
IDS = [f"{number}@mail.example" for number in range(8)]
PHANTOMS = ["never-seen-1@mail.example", "never-seen-2@mail.example"]
GUIDS = [None, None, sixteen("one"), sixteen("two")]

cited = st.lists(st.sampled_from([*IDS, *PHANTOMS]), max_size=2, unique=True)


@st.composite
def letters(draw: st.DrawFn) -> list[Letter]:
    """Up to eight mails, some of them in several mailboxes, in some order."""
    found = [
        one for number in range(draw(st.integers(2, 8))) for one in draw(copies(number))
    ]
    return draw(st.permutations(found))


@st.composite
def copies(draw: st.DrawFn, number: int) -> list[Letter]:
    """One mail in one to three mailboxes; GUID and server thread differ by mailbox.

    So may the recipients, now and then: some gateways write them anew. A mail that a
    mailbox of ours sent may have blind copies, which only its own copy knows.
    """
    parties = st.sampled_from([*PEOPLE, *MAILBOXES])
    recipients = st.lists(parties, max_size=2)
    # Its own id; none at all; or the one another mail has as well.
    internet_id = draw(st.sampled_from([IDS[number]] * 6 + [None, IDS[0]]))
    sender, to = draw(parties), draw(recipients)
    blind = draw(st.sampled_from([(), (), (PEOPLE[1],)]))
    answers = draw(st.one_of(st.just([]), cited))
    references = draw(st.one_of(st.just([]), cited))
    reply_to = draw(st.sampled_from([None, None, None, PEOPLE[0]]))
    places = st.lists(st.sampled_from(MAILBOXES), min_size=1, max_size=3, unique=True)
    found = []
    for mailbox in draw(places):
        rewritten = internet_id is not None and draw(st.integers(0, 5)) == 0
        found.append(
            letter(
                str(number),
                mailbox,
                sender,
                *(draw(recipients) if rewritten else to),
                id=internet_id,
                bcc=blind if sender == mailbox else (),
                answers=answers,
                references=references,
                reply_to=reply_to,
                guid=draw(st.sampled_from(GUIDS)),
                thread=draw(st.sampled_from(GUIDS)),
            )
        )
    return found
