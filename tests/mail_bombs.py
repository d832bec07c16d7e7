"""Generated mails that blow up careless parsers: 18 families, any size."""

from collections.abc import Callable

SIZES = (4 << 10, 64 << 10, 672 << 10, 4 << 20, 12 << 20, 25 << 20)
SMALL_SIZES = SIZES[:3]

_HEAD = (
    b"From: Hans Muster <hans@kunde.example>\r\nTo: verkauf@werft.example\r\n"
    b"Subject: Offerte\r\nDate: Tue, 10 Nov 2026 09:15:00 +0100\r\n"
    b"Message-ID: <bomb@kunde.example>\r\nMIME-Version: 1.0\r\n"
)


def _repeat(piece: bytes, size: int) -> bytes:
    return piece * max(1, size // len(piece))


def _header(name: bytes, value: bytes) -> bytes:
    return _HEAD + name + b": " + value + b"\r\n\r\nGuten Tag\r\n"


def _body(content_type: bytes, body: bytes, *extra: bytes) -> bytes:
    fields = b"".join(line + b"\r\n" for line in extra)
    return _HEAD + b"Content-Type: " + content_type + b"\r\n" + fields + b"\r\n" + body


def addresses_in_to(size: int) -> bytes:
    count = max(1, size // 24)
    return _header(b"Cc", b", ".join(b"k%06d@kunde.example" % n for n in range(count)))


def nested_comments(size: int) -> bytes:
    return _header(b"Cc", b"(" * size)


def encoded_words_in_subject(size: int) -> bytes:
    return _header(b"Subject", _repeat(b"=?utf-8?q?Gr=C3=B6sse?= ", size))


def semicolons_in_content_type(size: int) -> bytes:
    return _body(b"text/plain" + b";" * size, b"Guten Tag\r\n")


def filename_segments(size: int) -> bytes:
    count = max(1, size // 20)
    names = b";".join(b"\r\n filename*%d=a" % n for n in range(count))
    return _body(b"text/plain", b"x\r\n", b"Content-Disposition: attachment; " + names)


def nested_multiparts(size: int) -> bytes:
    depth = max(1, size // 60)
    lines = [b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n" % 0]
    lines += [
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1)
        for n in range(depth)
    ]
    return _HEAD + b"".join(lines)


def nested_messages(size: int) -> bytes:
    return _HEAD + _repeat(b"Content-Type: message/rfc822\r\n\r\n", size)


def sibling_parts(size: int) -> bytes:
    return _body(b"multipart/mixed; boundary=b", _repeat(b"--b\r\n\r\nx\r\n", size))


def one_long_header_line(size: int) -> bytes:
    return _header(b"X-Long", b"a" * size)


def many_headers(size: int) -> bytes:
    return _HEAD + _repeat(b"X-A: b\r\n", size) + b"\r\nGuten Tag\r\n"


def references(size: int) -> bytes:
    count = max(1, size // 25)
    ids = b"\r\n ".join(b"<r%07d@kunde.example>" % n for n in range(count))
    return _header(b"References", ids)


def received_lines(size: int) -> bytes:
    line = b"Received: from a (b [192.0.2.1]) by c; Tue, 10 Nov 2026 09:15:00 +0100\r\n"
    return _repeat(line, size) + _HEAD + b"\r\nGuten Tag\r\n"


def long_boundary(size: int) -> bytes:
    name = b"b" * (size // 2)
    return _body(b"multipart/mixed; boundary=" + name, b"--" + name + b"\r\n\r\nx\r\n")


def boundary_that_never_ends(size: int) -> bytes:
    kind = b"multipart/mixed; boundary=b"
    return _body(kind, b"--b\r\n\r\n" + _repeat(b"--b x\r\n", size))


def base64_in_one_line(size: int) -> bytes:
    kind = b"application/pdf; name=plan.pdf"
    return _body(kind, _repeat(b"JVBERi0x", size), b"Content-Transfer-Encoding: base64")


def quoted_printable_soft_breaks(size: int) -> bytes:
    encoding = b"Content-Transfer-Encoding: quoted-printable"
    return _body(b"text/plain", _repeat(b"=\r\n", size), encoding)


def long_charset_name(size: int) -> bytes:
    return _body(b"text/plain; charset=" + b"x" * size, b"Gr\xfcsse\r\n")


def deep_html(size: int) -> bytes:
    return _body(b"text/html; charset=utf-8", _repeat(b"<div>", size) + b"Guten Tag")


FAMILIES: tuple[Callable[[int], bytes], ...] = (
    addresses_in_to,
    nested_comments,
    encoded_words_in_subject,
    semicolons_in_content_type,
    filename_segments,
    nested_multiparts,
    nested_messages,
    sibling_parts,
    one_long_header_line,
    many_headers,
    references,
    received_lines,
    long_boundary,
    boundary_that_never_ends,
    base64_in_one_line,
    quoted_printable_soft_breaks,
    long_charset_name,
    deep_html,
)
