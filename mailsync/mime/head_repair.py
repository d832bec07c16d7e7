"""A mail's header with broken lines in it → one the parser reads to its end.

The parser ends the header at the first line that is no field, and what follows
(From, Subject, Content-Type) would become text. Guarantees: linear; a header in which
every line is a field or a continuation comes back unchanged; nothing behind the last
well-known field is touched, because from there on it may be the text itself.
"""

import re

_FIELD = re.compile(rb"(?:>?From |[!-9;-~]+[ \t]*:|[ \t])")
_WELL_KNOWN = re.compile(
    rb"(?:from|to|cc|subject|date|message-id|mime-version|content-[a-z-]+|received|"
    rb"return-path|reply-to|in-reply-to|references|delivered-to|x-[a-z0-9-]+)[ \t]*:",
    re.IGNORECASE,
)


def repaired(head: bytes) -> bytes:
    """Return the header with broken lines dropped or joined to a field above.

    A line that follows a field ending in a semicolon is its continuation whose blank
    got lost (a boundary of its own line); any other broken line goes.
    """
    lines = head.splitlines(keepends=True)
    broken = {
        n for n, line in enumerate(lines) if line.strip() and not _FIELD.match(line)
    }
    if not broken or not _FIELD.match(lines[0]):
        return head
    known = (n for n in range(len(lines) - 1, -1, -1) if _WELL_KNOWN.match(lines[n]))
    last = next(known, -1)
    out: list[bytes] = []
    for number, line in enumerate(lines):
        if number in broken and out and out[-1].rstrip().endswith(b";"):
            out.append(b" " + line)
        elif number not in broken or number > last:
            out.append(line)
    return b"".join(out)
