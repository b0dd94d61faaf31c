"""Vietnamese in encodings of the time before Unicode, recognised and named.

TCVN3 and VNI put Vietnamese letters in the places of western ones; opened today they look like
noise (`Tû lÖ trÎ em`). The same happens to UTF-8 read as cp1252. Which of them a text is shows in
the share of its letters that are signs of each. Nothing is converted unless the office says so
for a file in `params/intake/column_maps.yml`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

ENCODING_NAMES = {
    "tcvn3": "TCVN3 (ABC)",
    "vni": "VNI",
    "utf8_as_cp1252": "UTF-8 đọc nhầm thành cp1252",
}
"""Encodings that are recognised, with the name that messages give them."""

LEAST_LETTERS = 200
"""Fewer letters than this prove nothing, unless the fonts of the workbook say the same."""
LEAST_SHARE = 0.05
"""Signs of an encoding among the letters of a text, from which on the text is in it."""

_TCVN3 = dict(
    zip(
        "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊË®ÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\u00adõö÷øùúûüýþ¡¢£¤¥¦§",
        "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵĂÂÊÔƠƯĐ",
        strict=True,
    )
)
# Signs of TCVN3 that are no letters of any western language or hardly ever stand in a word.
_TCVN3_SIGNS = frozenset("µ¶·¸¹¨»¼½¾©®ª«¬\u00ad¡¢£¤¥¦§ÆÇÈÉÊËÌÎÏÐÑÒÓÔÕÖ×ØÜÞßåæçëìîïñö÷øùûüþ")
_VNI_VOWELS = {
    "a": dict(zip("ùøûõïâáàåãäêéèúüë", "áàảãạâấầẩẫậăắằẳẵặ", strict=True)),
    "e": dict(zip("ùøûõïâáàåãä", "éèẻẽẹêếềểễệ", strict=True)),
    "o": dict(zip("ùøûõïâáàåãä", "óòỏõọôốồổỗộ", strict=True)),
    "u": dict(zip("ùøûõï", "úùủũụ", strict=True)),
    "y": dict(zip("ùøûõ", "ýỳỷỹ", strict=True)),
    "ô": dict(zip("ùøûõï", "ớờởỡợ", strict=True)),
    "ö": dict(zip("ùøûõï", "ứừửữự", strict=True)),
}
_VNI_LONE = dict(zip("æóòîñôö", "ỉĩịỵđơư", strict=True))
_MISREAD = re.compile("á»|áº|Ã[\u0080-\u00bf]|Ä[\u0080-\u00bf‘]|Æ[°¡]|Ä‘|Å©|Ä©")
_VIETNAMESE = re.compile("[\u1ea0-\u1ef9]")
_LOOSE = re.compile("[\u0300-\u0323]")
_FONTS = (("tcvn3", re.compile(r"^\.vn", re.IGNORECASE)), ("vni", re.compile(r"^vni[- ]", re.I)))


def detect(texts: Iterable[str], fonts: Iterable[str] = ()) -> str:
    """Return the key of `ENCODING_NAMES` that a workbook's texts are in; "" for Unicode.

    `fonts` are the names of fonts in the workbook's styles. They decide nothing alone: an office
    may keep an old font for text that is Unicode.
    """
    text = " ".join(texts)
    if _VIETNAMESE.search(text) or _LOOSE.search(text):
        return ""
    letters = sum(character.isalpha() or character in _TCVN3_SIGNS for character in text)
    if not letters:
        return ""
    shares = {
        "utf8_as_cp1252": 2 * len(_MISREAD.findall(text)) / letters,
        "vni": 2 * len(_vni_pairs().findall(text)) / letters,
        "tcvn3": sum(character in _TCVN3_SIGNS for character in text) / letters,
    }
    by_font = {code for code, pattern in _FONTS for font in fonts if pattern.match(font)}
    for code, share in shares.items():
        if share > LEAST_SHARE and (letters > LEAST_LETTERS or code in by_font):
            return code
    return ""


def convert(text: str, encoding: str) -> str:
    """Return a text of an old encoding in Unicode (NFC); what is no sign of it stays as it is."""
    if encoding == "tcvn3":
        converted = "".join(_TCVN3.get(character, character) for character in text)
    elif encoding == "vni":
        converted = _vni_signs().sub(_from_vni, text)
    else:
        converted = _from_misread(text)
    return unicodedata.normalize("NFC", converted)


@cache
def _vni_pairs() -> re.Pattern[str]:
    pairs = (f"{base}[{''.join(marks)}]" for base, marks in _VNI_VOWELS.items())
    return re.compile("|".join(pairs), re.IGNORECASE)


@cache
def _vni_signs() -> re.Pattern[str]:
    return re.compile(f"{_vni_pairs().pattern}|[{''.join(_VNI_LONE)}]", re.IGNORECASE)


def _from_vni(found: re.Match[str]) -> str:
    sign = found[0]
    low = sign.lower()
    letter = _VNI_VOWELS[low[0]][low[1]] if len(low) == 2 else _VNI_LONE[low]
    return letter.upper() if sign[0].isupper() else letter


def _from_misread(text: str) -> str:
    """Undo UTF-8 read as cp1252; the five bytes that cp1252 lacks come through as they are."""
    data = bytearray()
    for character in text:
        try:
            data += character.encode("cp1252")
        except UnicodeEncodeError:
            if ord(character) > 0xFF:
                return text
            data.append(ord(character))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return text
