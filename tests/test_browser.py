"""Pages as a reader opens them: in a real browser, from the disk, on a desk and on a phone.

A machine without Debian's chromium fails here; it is not skipped.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

pytestmark = [pytest.mark.browser, pytest.mark.build, pytest.mark.xdist_group("build")]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NOTICE = "SỐ LIỆU TRÌNH DIỄN DO MÁY SINH RA - KHÔNG PHẢI SỐ LIỆU THẬT"
NOTEBOOKS = "reports/demo-2024/notebooks"
PAGES = (
    "index.html",
    "chapters/phuong-phap.html",
    f"{NOTEBOOKS}/overview.html",
    f"{NOTEBOOKS}/plan.html",
    f"{NOTEBOOKS}/quality.html",
    f"{NOTEBOOKS}/summary_table.html",
    f"{NOTEBOOKS}/trace.html",
    f"{NOTEBOOKS}/old-27/2024/27.html",
    f"{NOTEBOOKS}/old-27/2024/256.html",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path is not None, "cần chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


def _open(browser: Browser, built: Path, name: str, width: int) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900})
    faults: list[str] = []
    page.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(request.url))
    page.on(
        "request",
        lambda r: None if r.url.startswith(("file:", "data:")) else faults.append(r.url),
    )
    page.goto((built / "reports" / "demo-2024" / "public" / name).as_uri())
    return page, faults


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1300, 390], ids=["desk", "phone"])
def test_a_page_opens_whole(browser: Browser, built: Path, name: str, width: int) -> None:
    page, faults = _open(browser, built, name, width)
    try:
        assert faults == []
        assert page.locator("h1").count() == 1
        assert page.locator("main").count() == 1
        assert page.get_by_text(NOTICE).first.is_visible()
        wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0
        empty = page.evaluate(
            "[...document.images].filter(i => !i.complete || !i.naturalWidth || !i.alt).length"
        )
        assert empty == 0
    finally:
        page.close()


def test_the_keyboard_alone_reaches_the_text(browser: Browser, built: Path) -> None:
    page, _ = _open(browser, built, "index.html", 1300)
    try:
        page.keyboard.press("Tab")
        words, outline = page.evaluate(
            "[document.activeElement.textContent.trim(),"
            " getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert "nội dung" in words.lower()
        assert outline != "none"
        page.keyboard.press("Enter")
        assert "#" in page.url
    finally:
        page.close()


def test_the_search_finds_a_page_without_a_server(browser: Browser, built: Path) -> None:
    page, faults = _open(browser, built, "index.html", 1300)
    try:
        page.get_by_label("Tìm kiếm").fill("tảo hôn")
        found = page.locator("a:visible", has_text="Kế hoạch và cách đọc")
        assert found.count() >= 1
        assert faults == []
    finally:
        page.close()


def test_the_summary_table_keeps_its_merged_header(browser: Browser, built: Path) -> None:
    page, _ = _open(browser, built, f"{NOTEBOOKS}/summary_table.html", 1300)
    try:
        head = page.locator("table thead").first
        province = head.get_by_text("KẾ HOẠCH TỈNH BẮC NINH").bounding_box()
        years = head.get_by_text("2025", exact=True).first.bounding_box()
        assert province is not None and years is not None
        # the merged cell spans its two years: wider than one of them, and above it
        assert province["width"] > years["width"]
        assert province["y"] < years["y"]
    finally:
        page.close()
