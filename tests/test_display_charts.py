from __future__ import annotations

import random
import struct
import sys
from pathlib import Path

import pytest

from small_tables import REGISTER, judged, small_run
from treem.display import charts, prose
from treem.display.canvas import DPI, POINTS, Chart, Frame, drawing, new_figure, panels
from treem.display.charts.marks import LINES, add_legend
from treem.errors import PublishError

VALUES = {
    ("27", year, "CT03.2"): judged(
        value, "ACCELERATE", lower="10", upper="16", mode="PATH2", observations=""
    )
    for year, value in ((2021, "15.1"), (2023, "13.4"), (2024, "12.1"))
}


def _size(chart: Chart) -> tuple[int, int]:
    assert chart.png.startswith(b"\x89PNG")
    return struct.unpack(">II", chart.png[16:24])


def test_a_chart_has_print_size_and_says_its_numbers(tmp_path: Path) -> None:
    chart = charts.paths(small_run(tmp_path, VALUES), 1)
    assert _size(chart)[0] == round(chart.width * DPI) == 1300
    assert POINTS >= 9
    assert (
        "CT03.2 Tử vong dưới 1 tuổi: gốc 2020 16‰, mức năm 2025 dưới 10‰, mức năm 2030 dưới 8‰, "
        "kết quả năm 2021 15,1‰, kết quả năm 2023 13,4‰, kết quả năm 2024 12,1‰." in chart.alt
    )
    assert "CT01 Xã phù hợp với trẻ em: gốc 2020 74%" in chart.alt
    assert all(one.id in chart.alt for one in REGISTER.measures.values() if one.objective == 1)


def test_the_numbers_of_the_alternative_text_are_figures(tmp_path: Path) -> None:
    run = small_run(tmp_path, VALUES)
    charts.paths(run, 1)
    figures = run.figures.figures
    assert figures["CT03.2-27-2021-v"].display == "15,1"
    assert {"CT03.2-27-b", "CT03.2-27-t25", "CT03.2-27-t30", "CT03.2-27-v"} <= set(figures)


def test_an_undefined_measure_gets_no_path(tmp_path: Path) -> None:
    alt = charts.paths(small_run(tmp_path, {}), 2).alt
    assert "CT13 Số cuộc tảo hôn: chưa có định nghĩa." in alt


def test_the_same_data_gives_the_same_picture(tmp_path: Path) -> None:
    run = small_run(tmp_path, VALUES)
    assert charts.verdict_counts(run).png == charts.verdict_counts(run).png


def test_counts_are_told_by_objective(tmp_path: Path) -> None:
    alt = charts.verdict_counts(small_run(tmp_path, VALUES)).alt
    assert "Mục tiêu 1: 0 đạt hoặc đúng lộ trình, 1 cần chú ý" in alt
    assert "12 chưa có số liệu" in alt


def _everywhere(measure: str, value: str) -> dict:
    return {(area, 2024, measure): judged(value, "NOT_MET") for area in ("27", "256", "258")}


def test_areas_are_drawn_only_where_all_of_them_reported(tmp_path: Path) -> None:
    assert charts.areas(small_run(tmp_path, VALUES)) is None
    chart = charts.areas(small_run(tmp_path, _everywhere("CT22", "31") | VALUES))
    assert chart is not None
    assert "CT22" in chart.alt and "CT03.2" not in chart.alt
    assert "toàn tỉnh 31,0%; Thành phố Bắc Ninh 31,0%; Huyện Yên Phong 31,0%." in chart.alt


def test_a_district_is_drawn_beside_the_province(tmp_path: Path) -> None:
    run = small_run(tmp_path, _everywhere("CT22", "31"), area="256")
    chart = charts.district(run)
    assert chart is not None
    assert chart.alt.endswith("năm 2024. Có giá trị dưới 90: CT22: 31,0%, toàn tỉnh 31,0%.")
    assert charts.district(small_run(tmp_path, {}, area="256")) is None


def test_shares_near_all_children_get_an_axis_of_their_own(tmp_path: Path) -> None:
    values = _everywhere("CT22", "31") | _everywhere("CT17", "99.2")
    chart = charts.district(small_run(tmp_path, values, area="256"))
    assert chart is not None
    assert "Mọi giá trị từ 90 trở lên: CT17: 99,2%, toàn tỉnh 99,2%. Có giá trị" in chart.alt


def test_figures_that_do_not_compare_are_not_called_missing(tmp_path: Path) -> None:
    values = {("27", 2024, "CT01"): judged("46.8", "NOT_COMPARABLE", comparable="false")}
    alt = charts.paths(small_run(tmp_path, values), 1).alt
    assert "CT01" in alt and "mức năm 2030 ít nhất 87%, không so sánh được." in alt
    assert "mức năm 2030 ít nhất 95%, chưa có số liệu." in alt


def test_a_panel_names_the_years_it_does_not_draw(tmp_path: Path) -> None:
    apart = judged("82.9", "NOT_COMPARABLE", comparable="false")
    hidden = judged("", "", status="suppressed", mark="[c]")
    values = {
        ("27", 2023, "CT01"): judged("81", "ON_TRACK"),
        ("27", 2024, "CT01"): apart,
        ("27", 2023, "CT06"): hidden,
    }
    alt = charts.paths(small_run(tmp_path, values), 1).alt
    assert "kết quả năm 2023 81,0%, 2024: không so sánh được." in alt
    assert "mức năm 2030 không quá 2%, 2023: không công bố." in alt
    everywhere = {("27", year, "CT06"): hidden for year in (2021, 2022, 2023, 2024)}
    alt = charts.paths(small_run(tmp_path / "all", everywhere), 1).alt
    assert "mức năm 2030 không quá 2%, không công bố." in alt


def test_a_legend_names_only_what_is_drawn(tmp_path: Path) -> None:
    with drawing(small_run(tmp_path, {}).fonts):
        figure = new_figure(2)
        (axes,) = panels(figure, 1, 1, Frame(left=0.5, right=0.1, top=0.1, bottom=0.5))
        axes.axvline(3, **LINES["province"])
        add_legend(figure, "area", "interval", "province")
    assert [entry.get_text() for entry in figure.legends[0].get_texts()] == ["toàn tỉnh"]


def test_every_line_has_a_style_of_its_own() -> None:
    names = ("interval", "province", "target_line")
    assert len({str(LINES[name].get("linestyle", "solid")) for name in names}) == len(names)


def test_a_picture_carries_its_text_and_its_size(tmp_path: Path) -> None:
    data, metadata = charts.verdict_counts(small_run(tmp_path, {}))._repr_mimebundle_()
    assert metadata["treem"]["values"]["alt"] == data["text/plain"]
    assert metadata["image/png"]["width"] == 624


def test_drawing_leaves_no_state_behind(tmp_path: Path) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    charts.verdict_counts(small_run(tmp_path, {}))
    assert dict(matplotlib.rcParams) == before
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )


def test_a_copy_without_the_fonts_says_so(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="thiếu phông Tinos"), drawing(tmp_path):
        pass


def _counted(area: str, year: int, numerator: int, denominator: int) -> tuple:
    value = str(round(100 * numerator / denominator, 9))
    counts = {"numerator": str(numerator), "denominator": str(denominator)}
    return (area, year, "CT22"), judged(value, "MET", **counts)


def test_areas_over_the_years_tell_the_province(tmp_path: Path) -> None:
    values = dict(
        _counted(area, year, 30 + year - 2020, 100)
        for area in ("27", "256")
        for year in (2023, 2024)
    )
    chart = charts.trends(small_run(tmp_path, values))
    assert chart is not None
    assert (
        "CT22 Trẻ từ 7 tuổi được hỏi ý kiến, toàn tỉnh: năm 2023 33,0%, năm 2024 34,0%."
        in chart.alt
    )
    assert charts.trends(small_run(tmp_path, {})) is None


def test_a_funnel_names_areas_outside_by_side_and_never_by_rank(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import small_tables

    codes = ("256", "258", "259", "260", "261")
    names = {code: (f"Huyện {code}", "district") for code in codes}
    monkeypatch.setattr(small_tables, "AREAS", {"27": ("Tỉnh Bắc Ninh", "province"), **names})
    counts = dict(zip(codes, (300, 310, 295, 305, 390), strict=True))
    values = dict(_counted(code, 2024, number, 1000) for code, number in counts.items())
    values |= dict([_counted("27", 2024, 1600, 5000)])
    chart = charts.funnels(small_run(tmp_path, values), "shares")
    assert chart is not None
    assert (
        "CT22 Trẻ từ 7 tuổi được hỏi ý kiến: toàn tỉnh 32,0%; ngoài giới hạn 99,8%: "
        "Huyện 261 (cao hơn)." in chart.alt
    )
    said = prose.funnels(small_run(tmp_path, values)).markdown
    assert said.endswith("Mã địa bàn được ghi trong hình: 261 Huyện 261.")
    assert charts.funnels(small_run(tmp_path, values), "events") is None
    assert chart.png == charts.funnels(small_run(tmp_path, values), "shares").png


@pytest.mark.parametrize("count, seed", [(8, 1), (8, 2), (99, 3)])
def test_codes_in_a_funnel_never_overprint(tmp_path: Path, count: int, seed: int) -> None:
    """Measured on the drawn letters, for eight districts and for 99 communes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from treem.display.charts.funnels import _FRAME, _draw
    from treem.indicators.funnel import funnel

    measure, draw = REGISTER.measures["CT22"], random.Random(seed)
    rows = []
    for number in range(count):
        base = draw.randint(5_000, 40_000)
        part = round(base * draw.choice((0.31, 0.35, 0.35, 0.39)))
        rows.append(
            {
                "area_code": f"{256 + number}" if count < 10 else f"09{169 + number}",
                "area_name": "",
                "numerator": str(part),
                "denominator": str(base),
                "value": "1",
                "pooled_numerator": "",
                "pooled_denominator": "",
            }
        )
    whole = {
        name: str(sum(int(row[name]) for row in rows)) for name in ("numerator", "denominator")
    }
    one = funnel(measure, {**rows[0], **whole}, rows)
    assert one is not None
    with drawing(small_run(tmp_path, {}).fonts):
        figure = new_figure(2.75)
        (axes, *_) = panels(figure, 3, 3, _FRAME)
        _draw(small_run(tmp_path / "b", {}), axes, one)
        renderer = FigureCanvasAgg(figure).get_renderer()
        frame = axes.get_window_extent(renderer)
        boxes = [text.get_window_extent(renderer) for text in axes.texts]
        assert (boxes or count > 8) and len(boxes) <= sum(
            point.outside == "99.8" for point in one.points
        )
        for place, box in enumerate(boxes):
            assert frame.x0 <= box.x0 and box.x1 <= frame.x1 and box.y1 <= frame.y1
            assert not any(box.overlaps(other) for other in boxes[:place])
