"""A stranger's mail → a document for a sandboxed frame. Runs in no script's reach.

Four walls: bounds before anything parses (``mail_markup``), nh3 with a list of what is
allowed, a frame without scripts, and the document's own policy; the last two hold
without the first two. Originals are stored as they came and cleaned on every reading.

``clean`` is idempotent: what it returns, cleaned again, is itself; markup that does not
settle within a few rounds is refused, because a browser might read it differently.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import nh3
from markupsafe import Markup, escape

from crm_web.mail_markup import Refusal, RefusedError, balanced, words

SANDBOX: Final = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
_ROUNDS: Final = 5

_TAGS = words(
    "a abbr acronym address article aside b bdi bdo big blockquote br caption center "
    "cite code col colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 "
    "h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q rp rt ruby s samp "
    "section small span strike strong sub sup table tbody td tfoot th thead time tr tt "
    "u ul var wbr"
)
_ATTRIBUTES = {
    "*": {"style", "dir", "lang", "align", "valign", "width", "height", "bgcolor"},
    "a": {"href"},
    "img": {"src", "alt"},
    "font": {"color", "face", "size"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "li": {"value"},
}
_ANY_ATTRIBUTE = frozenset().union(*_ATTRIBUTES.values())
# None of these takes an address, hides text or leaves its place.
_STYLES = words(
    "background-color border border-bottom border-bottom-color border-bottom-style "
    "border-bottom-width border-collapse border-color border-left border-left-color "
    "border-left-style border-left-width border-right border-right-color "
    "border-right-style border-right-width border-spacing border-style border-top "
    "border-top-color border-top-style border-top-width border-width color direction "
    "font-family font-size font-style font-variant font-weight line-height "
    "list-style-type margin margin-bottom margin-left margin-right margin-top "
    "max-width padding padding-bottom padding-left padding-right padding-top "
    "table-layout text-align text-decoration text-transform vertical-align "
    "white-space width word-break"
)
_SCHEMES = frozenset(("http", "https", "mailto", "tel", "cid"))

# nh3 writes tags in one way: values quoted, «"» in them escaped, no «<» in text. Every
# tag is read whole, because a value may hold «<a href=».
_TAG = re.compile(r'<([a-z][^\s>/]*)((?: [^\s=>"]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([^\s=>"]+)="([^"]*)"')
_WEB = re.compile(r"(https?):[/\\]*([^/\\?#]*)", re.IGNORECASE)
_TYPED = re.compile(r"""\bhttps?://[^\s<>"'\\^`{|}]{1,2000}""", re.IGNORECASE)
_TRAILING = ".,;:!?)]»…"

_STYLE = """
html{overflow-wrap:anywhere}
body{margin:8px;font:15px/1.45 system-ui,sans-serif;color:#212529;background:#fff}
img{max-width:100%;height:auto}
table{max-width:100%}
pre,.text{white-space:pre-wrap;overflow-wrap:anywhere}
.note{margin:0 0 8px;padding:4px 8px;border-left:4px solid #8a5a00;
background:#fff7ec;color:#3d2f00}
.views{clear:both;margin:12px 0 0;font:14px/1.4 system-ui,sans-serif}
.views a{display:inline-block;min-height:24px;padding:2px 12px 2px 0;color:#0a4a66}
a[data-host]::after{content:" [" attr(data-host) "]"!important;color:#495057!important;
background:#fff!important;font:12px/1.4 system-ui,sans-serif!important;
letter-spacing:0!important;text-transform:none!important;
text-decoration:none!important;white-space:normal!important}
"""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What may be shown, and how many pictures of other hosts were left out."""

    html: str
    blocked: int = 0


def policy(origin: str) -> str:
    """The Content-Security-Policy of a mail's document (docs: web rules).

    Pictures only from our own attachments: with ``'self'`` a mail could make the
    reader's browser ask any address of ours, cookie included.
    """
    return (
        "default-src 'none'; style-src 'unsafe-inline'; "
        f"img-src {origin}/anhang/ data:; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors 'self'; sandbox {SANDBOX}"
    )


def clean(html: str, pictures: Mapping[str, str] | None = None) -> Cleaned:
    """Only what is harmless; raises RefusedError for what is shown as text.

    ``pictures`` maps content ids (lower case, bare) to addresses of our own.
    """
    known = pictures or {}
    blocked: set[str] = set()
    for _ in range(_ROUNDS):
        again = _once(balanced(html, _TAGS, _ANY_ATTRIBUTE), known, blocked)
        if again == html:
            return Cleaned(again, len(blocked))
        html = again
    raise RefusedError(Refusal.SHAPE)


def _once(html: str, pictures: Mapping[str, str], blocked: set[str]) -> str:
    ours = frozenset(pictures.values())

    def attribute(tag: str, name: str, value: str) -> str | None:
        if tag != "img" or name != "src":
            return value
        found = value if value in ours else pictures.get(_content_id(value))
        if found is None:
            blocked.add(value)
        return found

    return nh3.clean(
        html,
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        filter_style_properties=set(_STYLES),
        url_schemes=set(_SCHEMES),
        url_relative=lambda address: address if address in ours else None,
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        strip_comments=True,
    )


def _content_id(address: str) -> str:
    """The bare id of a «cid:» address; empty for any other."""
    if address[:4].lower() != "cid:":
        return ""
    return bare_id(unquote(address[4:]))


def bare_id(content_id: str) -> str:
    """A content id as ``clean`` compares it."""
    return content_id.strip().strip("<>").lower()


# --- links ------------------------------------------------------------------------


def with_hosts(cleaned: str) -> Markup:
    """Every link names where it leads, whatever its text says."""
    return Markup(_TAG.sub(_named_link, cleaned))  # noqa: S704  # nh3 made it


def _named_link(tag: re.Match[str]) -> str:
    name, attributes = tag.groups()
    href = dict(_ATTRIBUTE.findall(attributes)).get("href") if name == "a" else None
    if href is None:
        return tag.group()
    leads_to = escape(target_of(Markup(href).unescape()))  # noqa: S704  # to escape
    return f'<a data-host="{leads_to}"{attributes}>'


def target_of(address: str) -> str:
    """The host a browser would ask (URL standard), or the address without its scheme.

    Blanks and back-slashes count as browsers count them; what stands before «@» is no
    host; a host that is not plain ASCII is shown in its «xn--» form.
    """
    address = re.sub(r"[\t\n\r]", "", address).strip("\0 \x1f")
    web = _WEB.match(address)
    if web is None:
        return address.partition(":")[2].partition("?")[0][:200]
    host = unquote(web.group(2).rpartition("@")[2])
    try:
        return host.encode("idna").decode().lower()
    except UnicodeError:
        return ascii(host)[1:-1]


def text_as_html(text: str) -> Markup:
    """Plain text: escaped, its web addresses as links."""
    parts: list[Markup | str] = []
    end = 0
    for found in _TYPED.finditer(text):
        address = found.group().rstrip(_TRAILING)
        parts.append(escape(text[end : found.start()]))
        parts.append(
            Markup(
                '<a href="{}" data-host="{}" target="_blank" '
                'rel="noopener noreferrer">{}</a>'
            ).format(address, target_of(address), address)
        )
        end = found.start() + len(address)
    parts.append(escape(text[end:]))
    return Markup('<div class="text">{}</div>').format(Markup("").join(parts))


# --- the document -----------------------------------------------------------------


def document(
    body: Markup,
    *,
    title: str,
    language: str,
    notes: Sequence[str] = (),
    views: Sequence[tuple[str, str]] = (),
) -> str:
    """The whole page of the frame; ``views`` are addresses and names of other ones."""
    said = [Markup('<p class="note">{}</p>').format(note) for note in notes]
    links = [Markup('<a href="{}">{}</a>').format(*view) for view in views]
    return Markup(
        '<!doctype html><html lang="{}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>{}</title><style>{}</style></head><body>{}{}{}</body></html>"
    ).format(
        language,
        title,
        Markup(_STYLE),  # noqa: S704  # our own
        Markup("").join(said),
        body,
        Markup('<p class="views">{}</p>').format(Markup("").join(links))
        if links
        else "",
    )
