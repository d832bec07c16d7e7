"""The CRM and everything that is stored. No network, no scheduler, no HTML.

    models/          tables, one file per aggregate     migrations/  how they came to be
    queries/         read models: a file a screen

    mail/            mails and copies                   threads/     conversations by keys
    linking/         entry ↔ mail, holds, keywords      mirroring/   tasks in Outlook
    records/         addresses, entries, tasks, documents
    tags/            Gruppe › Tag › Subtag              access/      people, rights, viewer
    polling/         mailboxes and how they fare        personal_data/  report, erasure
    exports/         files, backup

    database         connection, the one kind of transaction, batch statements
    audit, events, webhooks   who did what and why, and who is told
    search           folded text and its index          verify       all invariants

Writing functions demand an open transaction (``database.require_transaction``) and
take plain values; they raise only the errors of ``crm_core.errors``.
"""
