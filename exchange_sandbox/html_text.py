"""HTML → the plain text Exchange shows as TextBody, in one linear pass.

Guarantees: never raises, builds no tree (nesting depth costs nothing), stops at the
``MAX_TAGS``-th tag or after ``MAX_TEXT`` characters of text; script, style, head title and comments leave no text. The
layout rules (blocks on lines of their own, ``text<address>`` for links, two spaces and
a star for list items) follow what Exchange's converter is seen to write; its exact
blank lines are not imitated.
"""

import re
from html import unescape

MAX_TAGS = 250_000
MAX_TEXT = 4 << 20

_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:_-]{0,39})")
_TAG_REST = re.compile(r"(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>")
_HREF = re.compile(
    r"\shref\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>]++))", re.IGNORECASE
)
_ALT = re.compile(
    r"\salt\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>]++))", re.IGNORECASE
)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_HUGE_REFERENCE = re.compile(r"&#(?:0*[0-9]{8,}|[xX]0*[0-9a-fA-F]{7,});?")
_BLANK_LINES = re.compile(r"\n{3,}")
_LINE_END = re.compile(r"[ \t]+\n")

_SILENT = frozenset({"script", "style", "title", "noscript", "template", "xml"})
_BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
        "caption",
    }
)
_SPACED = frozenset(
    {
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ol",
        "p",
        "pre",
        "table",
        "ul",
        "blockquote",
        "dl",
    }
)


class _Lines:
    """The text so far; knows whether the next word needs a space or a new line."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.room = MAX_TEXT
        self.at_line_start = True
        self.preformatted = 0
        self.links: list[tuple[str, int]] = []

    def text(self, source: str) -> None:
        source = source[: self.room]
        self.room -= len(source)
        if "&" in source:
            source = unescape(_HUGE_REFERENCE.sub("�", source))
        if not self.preformatted:
            source = _SPACES.sub(" ", source)
            if self.at_line_start:
                source = source.lstrip(" ")
        if source:
            self.out.append(source)
            self.at_line_start = source[-1] in " \n"

    def new_line(self) -> None:
        self.out.append("\n")
        self.at_line_start = True

    def block(self, name: str) -> None:
        if self.out and self.out[-1] != "\n":
            self.new_line()
        if name in _SPACED and self.out:
            self.new_line()


def text_of_html(html: str) -> str:
    """Return the readable text of ``html`` with plain newlines."""
    lines = _Lines()
    position, careful = 0, True
    for _ in range(MAX_TAGS):
        at = html.find("<", position)
        lines.text(html[position : at if at >= 0 else len(html)])
        if at < 0:
            break
        position, careful = _markup(html, at, lines, careful=careful)
    text = "".join(lines.out).replace("\xa0", " ")
    text = _LINE_END.sub("\n", text)
    return _BLANK_LINES.sub("\n\n", text).strip("\n ")


def _markup(html: str, at: int, lines: _Lines, *, careful: bool) -> tuple[int, bool]:
    """Read what begins with ``<`` at ``at``; returns where text goes on.

    ``careful`` is given back as False once a quoted attribute does not end: from then
    on the next ``>`` ends a tag, or the search for a quote would become quadratic.
    """
    if html.startswith("<!--", at):
        end = html.find("-->", at + 4)
        return (len(html) if end < 0 else end + 3), careful
    tag = _TAG.match(html, at)
    if tag is None:
        if html.startswith(("<!", "<?", "</"), at):
            end = html.find(">", at)
            return (len(html) if end < 0 else end + 1), careful
        lines.text("&lt;")
        return at + 1, careful
    rest = _TAG_REST.match(html, tag.end()) if careful else None
    end = rest.end() if rest else html.find(">", tag.end()) + 1
    if not end:
        return len(html), careful
    name, closing = tag[1].lower(), html[at + 1] == "/"
    attributes = html[tag.end() : min(end, tag.end() + 4096)]
    if name in _SILENT and not closing:
        return _end_of_silence(html, end, name), careful and rest is not None
    _show(lines, name, attributes, closing=closing)
    return end, careful and rest is not None


def _end_of_silence(html: str, position: int, name: str) -> int:
    close = re.compile("</" + name, re.IGNORECASE).search(html, position)
    if close is None:
        return len(html)
    return html.find(">", close.end()) + 1 or len(html)


def _show(lines: _Lines, name: str, attributes: str, *, closing: bool) -> None:
    if name == "br":
        lines.new_line()
    elif name == "a":
        _link(lines, attributes, closing=closing)
    elif name == "img":
        alt = _ALT.search(attributes)
        words = next((g for g in alt.groups() if g), "") if alt else ""
        lines.text(f"[{words}]" if words else "")
    elif name in ("td", "th") and not closing and not lines.at_line_start:
        lines.out.append("\t")
        lines.at_line_start = True
    elif name in _BLOCKS:
        lines.block(name)
        if name == "pre":
            lines.preformatted = max(0, lines.preformatted + (-1 if closing else 1))
        elif name == "li" and not closing:
            lines.out.append("  * ")
            lines.at_line_start = True


def _link(lines: _Lines, attributes: str, *, closing: bool) -> None:
    if not closing:
        href = _HREF.search(attributes)
        target = next((g for g in href.groups() if g), "") if href else ""
        lines.links.append((unescape(target[:2048]), len(lines.out)))
        del lines.links[:-256]
        return
    if not lines.links:
        return
    target, since = lines.links.pop()
    shown = "".join(lines.out[since : since + 50]).strip()
    if target and not target.startswith("#") and shown not in (target, target[7:]):
        lines.out.append(f"<{target}>")
        lines.at_line_start = False
