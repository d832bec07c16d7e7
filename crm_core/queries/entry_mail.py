"""Which mails an entry has: SQL that every reading of entries and mail starts from.

A mail belongs to an entry if its conversation is linked or a person put it in, and no
person took it out. It is *shown* if it is not held back either.
"""

# (entry_id, message_id) of every mail that belongs to an entry; held ones too.
MEMBERS = """
SELECT em.entry_id AS entry_id, m.id AS message_id
FROM entry_mail em
JOIN message a ON a.id = em.anchor_id
JOIN message m ON m.conversation_id = a.conversation_id
WHERE em.removed_at IS NULL {where_linked}
UNION
SELECT v.entry_id, v.message_id FROM entry_mail_verdict v
WHERE v.verdict = 'include' {where_put_in}
"""

# Those of them that are not held back or taken out.
SHOWN = (
    "SELECT b.entry_id, b.message_id FROM ("
    + MEMBERS
    + """) b WHERE NOT EXISTS (SELECT 1 FROM entry_mail_state st
WHERE st.entry_id = b.entry_id AND st.message_id = b.message_id
AND st.hold IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM entry_mail_verdict x
WHERE x.entry_id = b.entry_id AND x.message_id = b.message_id
AND x.verdict = 'exclude')"""
)


def shown_in(entries: str) -> str:
    """SQL for (entry_id, message_id) of the mails shown in these entries.

    ``entries`` is SQL for a list or select of entry ids; it stands there twice.
    """
    return SHOWN.format(
        where_linked=f"AND em.entry_id IN ({entries})",
        where_put_in=f"AND v.entry_id IN ({entries})",
    )


def shown_of(messages: str) -> str:
    """SQL for (entry_id, message_id) of the entries that show these mails."""
    return SHOWN.format(
        where_linked=f"AND m.id IN ({messages})",
        where_put_in=f"AND v.message_id IN ({messages})",
    )


# The same, read from the newest mails on: {news} says which mails ``m``, {mine} which
# entries ``e`` (each stands there twice, the mails first).
SHOWN_RECENTLY = """
SELECT em.entry_id AS entry_id, m.id AS message_id FROM message m
JOIN message a ON a.conversation_id = m.conversation_id
JOIN entry_mail em ON em.anchor_id = a.id AND em.removed_at IS NULL
JOIN entry e ON e.id = em.entry_id
LEFT JOIN entry_mail_state st ON st.entry_id = em.entry_id AND st.message_id = m.id
WHERE {news} AND {mine} AND st.hold IS NULL AND NOT EXISTS (SELECT 1
FROM entry_mail_verdict x WHERE x.entry_id = em.entry_id AND x.message_id = m.id
AND x.verdict = 'exclude')
UNION
SELECT v.entry_id, v.message_id FROM message m
JOIN entry_mail_verdict v ON v.message_id = m.id AND v.verdict = 'include'
JOIN entry e ON e.id = v.entry_id WHERE {news} AND {mine}
"""
