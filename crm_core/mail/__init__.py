"""Mails and their copies: stored, kept, wanted, forgotten.

incoming, messages        a page of mail, and how it is stored
copies, counts            in which mailboxes a mail lies; is any missing?
content, eml              texts and attachments; a mail as a file
known_parties             the flag of mail that names somebody we know
quarantine                what could not be read
retention, expired_copies, forgetting, tombstones   how mail goes, and stays gone
"""
