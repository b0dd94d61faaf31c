"""Vietnamese alphabetical order: letters first, then tones, then capitals.

`Dương` < `Đà Nẵng` < `Gia Bình`; plain `sorted()` puts Đ, Ô and Ấp after Y. The same order as
the collation of Unicode CLDR for Vietnamese, for names of places and people.
"""

from __future__ import annotations

import unicodedata

LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")  # none, ` ̀`, ` ̉`, ` ̃`, ` ́`, ` ̣`

_RANK = {letter: place for place, letter in enumerate(LETTERS)}
_TONE = {tone: place for place, tone in enumerate(TONES)}

SortKey = tuple[tuple[tuple[int, int], ...], tuple[int, ...], tuple[bool, ...], str]


def vietnamese_key(text: str) -> SortKey:
    """Return a key for `sorted`: by letters, among equal letters by tones, then by capitals."""
    letters: list[tuple[int, int]] = []
    tones: list[int] = []
    capitals: list[bool] = []
    for character in unicodedata.normalize("NFC", text):
        letter, tone = _split(character)
        letters.append(_letter_rank(letter))
        tones.append(tone)
        capitals.append(character != character.lower())
    return tuple(letters), tuple(tones), tuple(capitals), text


def _split(character: str) -> tuple[str, int]:
    """Take the tone off a letter: `ế` → (`ê`, rank of the acute)."""
    parts = unicodedata.normalize("NFD", character.lower())
    tone = next((_TONE[part] for part in parts if part in _TONE), 0)
    return unicodedata.normalize("NFC", "".join(p for p in parts if p not in _TONE)), tone


def _letter_rank(letter: str) -> tuple[int, int]:
    """Spaces come first, then other signs, digits, the alphabet, and letters foreign to it."""
    if letter.isspace():
        return 0, 0
    if letter in _RANK:
        return 3, _RANK[letter]
    if letter.isdecimal():
        return 2, int(letter)
    return (4 if letter.isalpha() else 1), ord(letter[0])
