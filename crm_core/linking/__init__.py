"""Entry and mail: what is linked, what is held back, what waits for a person.

links                 linking and unlinking a conversation or one mail
holds                 which mails of a linked conversation are shown, which held
reasons               why a link is there, as words for people
unassigned, triage    «Nicht zugeordnet»: the flag, and what people decide there
keywords, keyword_acts   what stands in subjects, and what it does
undoing               everything that came from one mailbox since then, taken back
"""
