"""The mailboxes of the configuration: how they are read and how they fare.

mailboxes         rows mirrored from the configuration: who may see what
leases            which daemon polls a mailbox
mailbox_polls, mailbox_reading, mailbox_states, mailbox_health   how polls went
mailbox_wishes    what a page wants the daemon to do with a mailbox
"""
