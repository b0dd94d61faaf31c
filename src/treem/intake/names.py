"""Text as senders type it, made comparable: one spelling for what a reader takes as one name.

The same Vietnamese word comes in many spellings of the same letters: composed or decomposed,
`hòa` or `hoà`, `Đ` or the Icelandic `Ð`, `Lí` or `Lý`, with any dash and any number of spaces.
`key` gives one text for all of them; the original is kept for print.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SPACES = re.compile("[\u00a0\u2000\u2002\u2003\u2007\u2008\u2009\u200a\u202f]")
_NOTHING = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")
_DASHES = re.compile(r"\s*[-\u2010-\u2015\u2212]+\s*")
_TONES = "\u0300\u0301\u0303\u0309\u0323"
# `y` and `i` are one sound where they stand alone (`Lý`, `kỳ`) or after `qu` (`quý`), and nowhere
# else: `tay` and `tai` are two words.
_LONE_Y = re.compile(r"^(qu|[^aeiouyăâêôơư]*)y(?=nh$|t$|$)")


def clean(raw: object) -> str:
    """Return the text of a cell: NFC, no odd or invisible spaces, nothing around it."""
    if raw is None:
        return ""
    text = unicodedata.normalize("NFC", str(raw))
    return _NOTHING.sub("", _SPACES.sub(" ", text)).strip()


def key(text: object) -> str:
    """Return what names are compared by; equal for two spellings of one name."""
    return _key("" if text is None else str(text))


def bare(text: object) -> str:
    """Return the key without any mark above or below a letter: `Ký hiệu` gives `ky hieu`.

    For closed lists of words of which no two differ by their marks only.
    """
    return _bare("" if text is None else str(text))


# The same labels come back in every file of a year: most texts are looked at many times.
@lru_cache(maxsize=1 << 15)
def _key(text: str) -> str:
    words = _DASHES.sub("-", clean(text).casefold().replace("\u00f0", "đ"))
    return " ".join("-".join(map(_word_key, word.split("-"))) for word in words.split())


@lru_cache(maxsize=1 << 15)
def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", _key(text)).replace("đ", "d")
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _word_key(word: str) -> str:
    """Put the tone of a word behind it and write a lone y as i."""
    decomposed = unicodedata.normalize("NFD", word)
    tone = "".join(letter for letter in decomposed if letter in _TONES)
    rest = "".join(letter for letter in decomposed if letter not in _TONES)
    return _LONE_Y.sub(r"\1i", unicodedata.normalize("NFC", rest)) + tone
