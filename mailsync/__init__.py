"""Exchange ⇄ CRM: the daemon's side of the program.

port         what we want from a mail server      ews/      Exchange, by exchangelib
engine       one folder, page by page             memory    the double for tests
ingest       change → row                         normalise mail → stored form
sync         one poll of a mailbox, sync-once     bodies    content of linked mail
outbox       tasks → mailboxes                    reconcile what employees did there
mime         raw MIME, in a limited child         backoff   when to try again
scheduler daemon health logs commands/            the service around it
"""
