"""HTML from other systems, cleaned through an allow-list on the way in; and text out of HTML."""

from __future__ import annotations

import html
import re
import unicodedata
from html.parser import HTMLParser

import nh3

_TAGS = {"p", "br", "ul", "ol", "li", "strong", "em", "b", "i", "a", "h3", "h4", "blockquote"}
_ATTRIBUTES = {"a": {"href"}}
_EMPTY = re.compile(r"<(p|li|ul|ol|h3|h4|strong|em|b|i|blockquote)>(?:\s|&nbsp;|<br>)*</\1>")
# A shortcode that nothing has run: keep what stands inside, drop the brackets.
# Its length is bounded, or a text of nothing but open brackets would be searched to its end from each of them.
_SHORTCODE = re.compile(r"\[/?[a-zåäö][\w-]{0,60}(?:\s{1,9}[\w-]{1,60}=[^\]]{0,600})?/?\]", re.IGNORECASE)
_HEADINGS = re.compile(r"(</?)h([1-6])(?=[\s>])", re.IGNORECASE)
_BLOCKS = {
    "p",
    "div",
    "li",
    "br",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "tr",
    "td",
    "th",
    "blockquote",
    "ul",
    "ol",
    "table",
}
# Tags, and lone `<`, that a text may have: ten times a long article's.
_MOST_TAGS = 5000
# Control characters (Cc) but tab and line feed, and lone halves of pairs (Cs).
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")


def clean(markup: str) -> str:
    """`markup` with only paragraphs, lists, emphasis, two sizes of heading and http(s)/mailto links left."""
    markup = normal(markup)
    if markup.count("<") > _MOST_TAGS:
        # Nobody wrote this, and nesting that deep takes parsers minutes: keep the words alone.
        words = line(re.sub(r"<[^<>]{0,1000}>", " ", markup))
        return f"<p>{html.escape(words, quote=False)}</p>" if words else ""
    markup = _SHORTCODE.sub("", markup)
    # Our pages own h1 and h2; whatever the source begins with becomes h3, the rest h4.
    markup = _HEADINGS.sub(lambda m: f"{m[1]}h{3 if int(m[2]) <= 3 else 4}", markup)
    markup = nh3.clean(
        markup,
        tags=_TAGS,
        clean_content_tags={"script", "style", "iframe", "svg", "template", "noscript", "object", "title"},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
        strip_comments=True,
    )
    # An address that is relative belongs to somebody else's site: keep the words, drop the link.
    markup = re.sub(r'<a (?!href="(?:https?:|mailto:))[^>]*>(.*?)</a>', r"\1", markup, flags=re.DOTALL)
    markup = markup.replace("&nbsp;", " ").replace("\u00a0", " ")
    # What is emptied by this may leave its surroundings empty; deeper than a person nests, it may stay.
    for _ in range(10):
        before, markup = markup, _EMPTY.sub("", markup)
        if before == markup:
            break
    return markup.strip()


def title_text(markup: str) -> str:
    """A title as plain text: tags stripped, then entities resolved once, so that `&lt;beta&gt;` ends as text."""
    stripped = re.sub(r"</?[a-zA-Z][^>]{0,1000}>", "", markup)
    return line(html.unescape(stripped))


def line(text: str) -> str:
    """One line of plain text: composed letters (NFC), no invisible characters, white space collapsed."""
    return " ".join(_INVISIBLE.sub("", normal(text)).split())


def normal(text: str) -> str:
    """Composed letters (NFC), no control characters but tab and line feed."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", text)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(markup: str) -> str:
    """The words of cleaned HTML as plain text, one block a line."""
    parser = _Text()
    parser.feed(markup)
    parser.close()
    lines = (line(part) for part in "".join(parser.parts).split("\n"))
    return "\n".join(part for part in lines if part)
