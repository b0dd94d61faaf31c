"""Names in all their spellings, and Vietnamese in encodings older than Unicode."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treem.intake.encodings import LEAST_LETTERS, convert, detect
from treem.intake.names import bare, clean, key
from treem.project import Project

# The two tables as their fonts draw them: each letter with the bytes that stand for it.
TCVN3 = dict(
    zip(
        "àảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵăâêôơưđĂÂÊÔƠƯĐ",
        "µ¶·¸¹»¼½¾ÆÇÈÉÊËÌÎÏÐÑÒÓÔÕÖ×ØÜÝÞßáâãäåæçèéêëìíîïñòóôõö÷øùúûüýþ¨©ª«¬\u00ad®¡¢£¤¥¦§",
        strict=True,
    )
)
TONES = {"\u0301": "ù", "\u0300": "ø", "\u0309": "û", "\u0303": "õ", "\u0323": "ï"}
ROOFS = {"": "âáàåãä", "\u0306": "êéèúüë"}
ORDER = ["", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"]
LONE = {"ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î", "đ": "ñ", "ì": "ì", "í": "í"}


def to_vni(text: str) -> str:
    """Write a text as VNI does: the letter, then a sign for roof and tone together."""
    return "".join(map(_vni_letter, unicodedata.normalize("NFC", text)))


def _vni_letter(letter: str) -> str:
    if letter.lower() in LONE:
        sign = LONE[letter.lower()]
        return sign.upper() if letter.isupper() else sign
    base, *marks = unicodedata.normalize("NFD", letter)
    tone = next((mark for mark in marks if mark in TONES), "")
    if "\u0302" in marks or "\u0306" in marks:
        sign = ROOFS["\u0306" if "\u0306" in marks else ""][ORDER.index(tone)]
    else:
        if "\u031b" in marks:
            base = {"o": "ô", "u": "ö", "O": "Ô", "U": "Ö"}[base]
        sign = TONES.get(tone, "")
    return base + (sign.upper() if letter.isupper() else sign)


@pytest.fixture(scope="module")
def plan(project: Project) -> str:
    return unicodedata.normalize("NFC", project.plan_text.read_text("utf-8"))


def to_tcvn3(text: str) -> str:
    return "".join(TCVN3.get(letter, TCVN3.get(letter.lower(), letter)) for letter in text)


def misread(text: str) -> str:
    return "".join(
        chr(byte) if byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else bytes([byte]).decode("cp1252")
        for byte in text.encode("utf-8")
    )


@pytest.mark.parametrize(
    ("encoding", "write"),
    [("tcvn3", to_tcvn3), ("vni", to_vni), ("utf8_as_cp1252", misread)],
)
def test_the_plan_in_an_old_encoding_is_recognised_and_comes_back(plan, encoding, write):
    old = write(plan)
    assert detect([old]) == encoding
    assert key(convert(old, encoding)) == key(plan)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_unicode_is_no_old_encoding(plan, form):
    assert detect([unicodedata.normalize(form, plan)], fonts=[".VnTime", "VNI-Times"]) == ""


def test_a_short_text_proves_nothing_unless_the_fonts_say_the_same(plan):
    short = to_tcvn3("Tỷ lệ trẻ em dưới 5 tuổi suy dinh dưỡng thể thấp còi")
    assert len(short) < LEAST_LETTERS
    assert detect([short]) == ""
    assert detect([short], fonts=["Calibri", ".VnTime"]) == "tcvn3"
    assert detect([to_vni("Tỷ lệ trẻ em dưới 5 tuổi")], fonts=["VNI-Times"]) == "vni"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc def " * 60,
        "The façade of the café: a résumé of results by district " * 10,
        "12,5 13",
    ],
)
def test_other_text_is_no_old_vietnamese(text):
    assert detect([text]) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Thuận Hòa", "Thuận Hoà"),
        ("Thủy Nguyên", "Thuỷ Nguyên"),
        ("Ðông Ngàn", "Đông Ngàn"),  # the first with U+00D0
        ("Bắc Lý", "Bắc Lí"),
        ("Mỹ Hương", "Mĩ Hương"),
        ("Quý I", "quí i"),
        ("Lao động - Thương binh", "Lao động–Thương binh"),
        ("Đơn vị\ntính", "đơn  vị\u00a0tính"),
        (unicodedata.normalize("NFD", "Tỷ lệ trẻ em"), "Tỷ lệ trẻ em"),
    ],
)
def test_two_spellings_of_one_name(one, other):
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Tay", "Tai"), ("Hòa", "Hóa"), ("Đại", "Dại"), ("Ba", "Bá"), ("Lan", "Lăn"), ("Mỹ", "Mỵ")],
)
def test_two_names_stay_two(one, other):
    assert key(one) != key(other)


def test_words_of_a_header_are_known_without_their_marks():
    assert bare("ĐƠN VỊ TÍNH") == bare("Don vi tinh") == "don vi tinh"
    assert bare("Ký hiệu") == bare("Kí hiệu")


@given(st.text())
def test_keys_do_not_depend_on_the_unicode_form(text):
    assert key(unicodedata.normalize("NFD", text)) == key(text)
    assert clean(clean(text)) == clean(text)
