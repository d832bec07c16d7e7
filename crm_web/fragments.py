"""One form, two places: a page of its own, or inside the page's ``<dialog>``.

A link with ``data-dialog`` asks for the same address with a header; the answer is then
the content alone. Without JavaScript the link leads to the whole page.
"""

from flask import request


def layout() -> str:
    """The template that a form's template extends in this request."""
    return "_dialog.html" if request.headers.get("X-Dialog") == "1" else "base.html"
