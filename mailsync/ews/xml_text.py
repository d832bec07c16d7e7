"""Text of ours → text in a request: escaped, and free of what XML 1.0 forbids."""

import re
from xml.sax import saxutils

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escape(text: str) -> str:
    """Safe as element text and inside double quotes."""
    return saxutils.escape(_FORBIDDEN.sub("\ufffd", text), {'"': "&quot;"})
