"""The CRM and everything that is stored. No network, no scheduler, no HTML.

    models/            tables, one file per aggregate
    database           connection, the one kind of transaction, batch statements
    conversations      threading by keys            links      entry ↔ mail, holds
    messages           storing a page of mail       keywords   subject → tokens
    entries addresses classification staff documents tasks mirrors   the CRM itself
    quarantine         what could not be read       verify     all invariants
    audit              who did what and why

Writing functions demand an open transaction (``database.require_transaction``) and
take plain values; they raise only the errors of ``crm_core.errors``.
"""
