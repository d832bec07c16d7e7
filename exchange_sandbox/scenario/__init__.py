"""The boatyard «Werft Seeblick»: an invented company's mail, for demonstrations.

    people    who writes: the company's mailboxes, customers, suppliers, authorities
    matters   what they write about: invented German texts, Swiss spelling
    letters   a mail as text -> MIME, the same bytes for the same letter
    threads   who answers whom: ids, references, Thread-Index as their programs set them
    past      three weeks of ordinary mail, from a seeded generator
    story     the scripted mails, each of which shows one thing
    daily     ordinary mail without end
    events    one mail to deliver, and the lines of JSON that `python -m` prints

Everything follows from the seed and the time of the start: equal arguments, equal
bytes. `thread` in an event is the truth about which mails are one conversation; it is
known here only, no mail carries it.

    python -m exchange_sandbox.scenario --seed 7 --start 2026-11-24T08:00:00+00:00
"""
