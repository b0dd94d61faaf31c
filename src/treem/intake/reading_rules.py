"""The rules of reading: what a received file or cell can be found at fault for, in words.

Severity as in `treem.intake.findings`: `info` names what was read in a way that the sender should
know of, `record` leaves the cell out, `submission` the whole file. A file that is on record and
not as it was received stops the run: something is wrong with what the office keeps, and only a
waiver lets a report go on without it.
"""

from __future__ import annotations

from treem.intake.rule import Rule

READING_RULES: dict[str, Rule] = {
    "file_missing": Rule(
        "Tệp ghi trong sổ mà không có",
        "run",
        "Sổ SOURCES.csv ghi tệp {file} nhưng không tìm thấy tệp.",
        "Đặt lại tệp đúng chỗ; nếu đơn vị chưa gửi thì xóa dòng trong sổ.",
    ),
    "file_changed": Rule(
        "Tệp khác bản đã ghi sổ",
        "run",
        "Tệp {file} khác bản đã ghi sổ ({message}): tệp đã bị sửa hoặc hỏng nên không được dùng.",
        "Lấy lại bản gốc; nếu đây là bản gửi lại thì ghi thành dòng mới với cột supersedes.",
    ),
    "legacy_encoding": Rule(
        "Bảng mã cũ",
        "submission",
        "Tệp {file} ở bảng mã cũ {message}: chữ không đọc được nên số không được dùng.",
        "Đề nghị đơn vị chuyển sang Unicode rồi gửi lại; hoặc khai encoding cho tệp này trong "
        "params/intake/column_maps.yml sau khi đã đối chiếu.",
    ),
    "legacy_encoding_converted": Rule(
        "Bảng mã cũ đã chuyển theo khai báo",
        "info",
        "Tệp {file} ở bảng mã cũ {message}, đã chuyển sang Unicode theo column_maps.yml.",
        "Không phải làm gì; lần sau nên gửi tệp Unicode.",
    ),
    "no_table": Rule(
        "Không tìm thấy bảng số liệu",
        "submission",
        "Tệp {file} không có trang nào đủ các cột Mã chỉ tiêu, Phần số liệu, Đơn vị tính, Giá trị.",
        "Dùng biểu do treem forms ghi và không xóa dòng tên cột; biểu riêng của đơn vị thì khai "
        "trong params/intake/column_maps.yml.",
    ),
    "map_does_not_fit": Rule(
        "Khai báo không khớp với tệp",
        "submission",
        "Tệp {file} không có trang nào đủ các cột mà khai báo {message}: không đọc.",
        "Sửa tên trang hoặc tên cột trong params/intake/column_maps.yml cho đúng chữ trong tệp.",
    ),
    "other_unit": Rule(
        "Biểu của đơn vị khác",
        "submission",
        "Ô {cell} ghi mã đơn vị {raw}, sổ SOURCES.csv ghi {message}: biểu không được dùng.",
        "Kiểm tra xem có gửi hoặc ghi sổ nhầm tệp không.",
    ),
    "other_year": Rule(
        "Biểu của năm khác",
        "submission",
        "Ô {cell} ghi năm {raw}, sổ SOURCES.csv ghi {message}: biểu không được dùng.",
        "Kiểm tra xem có gửi hoặc ghi sổ nhầm tệp không.",
    ),
    "no_head": Rule(
        "Biểu không ghi của đơn vị nào, năm nào",
        "info",
        "Tệp {file} không ghi {message}; lấy theo sổ SOURCES.csv.",
        "Giữ nguyên phần đầu biểu khi gửi.",
    ),
    "repeated_column": Rule(
        "Hai cột cùng tên",
        "submission",
        "Có hơn một cột có số mang tên “{message}”: chưa biết cột nào đúng nên biểu không được "
        "dùng.",
        "Chỉ để một cột mang tên đó rồi gửi lại.",
    ),
    "several_tables": Rule(
        "Nhiều trang có bảng",
        "info",
        "Ngoài trang đã đọc, trang “{sheet}” cũng có một bảng số liệu: không đọc trang này.",
        "Nếu trang này có số cần dùng thì chép vào trang “Biểu số liệu” rồi gửi lại.",
    ),
    "hidden_sheet": Rule(
        "Trang bị ẩn",
        "info",
        "Bảng số liệu nằm ở trang “{sheet}” đang bị ẩn: vẫn đọc.",
        "Kiểm tra xem trang có được ẩn nhầm không.",
    ),
    "hidden_cell": Rule(
        "Ô bị ẩn",
        "info",
        "Ô {cell} ({measure}) nằm ở dòng hoặc cột đang bị ẩn, ghi “{raw}”: vẫn đọc và dùng.",
        "Kiểm tra xem dòng hoặc cột có được ẩn nhầm không.",
    ),
    "macros": Rule(
        "Tệp có macro",
        "info",
        "Tệp {file} có macro: chỉ đọc số, không chạy macro.",
        "Lần sau lưu dạng .xlsx, không macro.",
    ),
    "external_links": Rule(
        "Tệp liên kết ra ngoài",
        "info",
        "Tệp {file} có liên kết tới tệp khác: dùng giá trị đã lưu, không mở liên kết.",
        "Dán giá trị vào ô thay cho liên kết rồi gửi lại nếu số đã đổi.",
    ),
    "formula": Rule(
        "Ô là công thức",
        "info",
        "Ô {cell} là công thức: dùng giá trị đã lưu “{raw}”.",
        "Kiểm tra lại giá trị; nên dán giá trị thay cho công thức.",
    ),
    "formula_without_value": Rule(
        "Công thức chưa có giá trị",
        "record",
        "Ô {cell} là công thức chưa có giá trị lưu. Ô này bị bỏ ra, không tính.",
        "Mở tệp bằng Excel để công thức được tính, lưu lại, hoặc nhập số.",
    ),
    "error_value": Rule(
        "Ô báo lỗi",
        "record",
        "Ô {cell} báo lỗi “{raw}”. Ô này bị bỏ ra, không tính.",
        "Sửa công thức hoặc nhập số.",
    ),
    "date_in_number": Rule(
        "Ô số là ngày tháng",
        "record",
        "Ô {cell} là ngày tháng “{raw}”, không phải số. Ô này bị bỏ ra, không tính.",
        "Đặt lại dạng số cho ô rồi nhập lại; Excel có thể đã đổi số thành ngày.",
    ),
    "composite_value": Rule(
        "Một ô nhiều số",
        "record",
        "Ô {cell} ghi nhiều số “{raw}”. Ô này bị bỏ ra, không tính.",
        "Mỗi ô chỉ ghi một số; số theo nhóm thì ghi vào dòng của nhóm.",
    ),
    "unit_in_cell": Rule(
        "Đơn vị ghi trong ô khác đơn vị của chỉ tiêu",
        "record",
        "Ô {cell} ghi “{raw}”, khác đơn vị in sẵn. Ô này bị bỏ ra, không tính.",
        "Ghi số theo đúng đơn vị tính in sẵn trong biểu.",
    ),
    "percent_format_elsewhere": Rule(
        "Ô dạng phần trăm",
        "record",
        "Ô {cell} ({raw}) đặt dạng phần trăm mà chỉ tiêu không tính bằng phần trăm. Ô này bị bỏ "
        "ra, không tính.",
        "Đặt lại dạng số thường rồi nhập lại.",
    ),
    "percent_format": Rule(
        "Ô dạng phần trăm đã đọc như trên màn hình",
        "info",
        "Ô {cell} đặt dạng phần trăm, lưu “{raw}”: đọc như người gửi thấy (nhân 100).",
        "Kiểm tra lại số.",
    ),
    "scaled_format": Rule(
        "Dạng ô làm tròn hàng nghìn",
        "record",
        "Ô {cell} lưu “{raw}” nhưng dạng ô hiện số đã chia nghìn. Ô này bị bỏ ra, không tính.",
        "Đặt lại dạng số thường, ghi đủ số.",
    ),
    "number_by_range": Rule(
        "Số đọc theo khoảng giá trị",
        "info",
        "Ô {cell} ghi “{raw}”: chỉ một cách đọc nằm trong khoảng có thể của chỉ tiêu nên đọc theo "
        "cách đó.",
        "Kiểm tra lại; nên ghi số bằng dấu phẩy thập phân.",
    ),
    "merged_value": Rule(
        "Ô giá trị bị gộp",
        "record",
        "Ô {cell} gộp qua nhiều dòng nên không rõ số thuộc dòng nào. Các dòng đó bị bỏ ra.",
        "Bỏ gộp ô, ghi từng dòng một số.",
    ),
    "row_without_code": Rule(
        "Dòng có số mà không có mã",
        "record",
        "Dòng {cell} có số “{raw}” nhưng không có mã chỉ tiêu: không đọc.",
        "Ghi lại mã chỉ tiêu như biểu đã gửi.",
    ),
    "unknown_stratum": Rule(
        "Phân tổ ngoài biểu",
        "record",
        "Ô {cell} ghi phân tổ “{raw}”, không có trong biểu. Dòng không được dùng.",
        "Giữ nguyên chữ trong cột “Phân tổ”.",
    ),
    "unasked_stratum": Rule(
        "Phân tổ không được hỏi",
        "info",
        "Ô {cell} ghi số theo phân tổ “{raw}” mà kỳ này không hỏi: giữ lại, không dùng.",
        "Không phải làm gì.",
    ),
    "unknown_state": Rule(
        "Tình trạng ngoài quy định",
        "record",
        "Ô {cell} ghi tình trạng “{raw}”. Số ở dòng này bị bỏ ra.",
        "Chỉ dùng: Chính thức, Ước tính, Sửa lại; hoặc để trống.",
    ),
    "code_does_not_fit": Rule(
        "Mã không khớp với tên chỉ tiêu",
        "record",
        "Ô {cell} ghi mã “{raw}” nhưng chữ của dòng là của chỉ tiêu {message}. Dòng không được "
        "dùng.",
        "Kiểm tra xem mã hoặc dòng có bị chép nhầm không; giữ nguyên cột mã và cột chỉ tiêu.",
    ),
    "unmapped_row": Rule(
        "Dòng không khớp khai báo",
        "record",
        "Dòng {cell} ghi “{raw}” không khớp chỉ tiêu hoặc địa bàn nào trong khai báo {message}: "
        "không đọc.",
        "Sửa khai báo trong params/intake/column_maps.yml hoặc đề nghị đơn vị dùng biểu chung.",
    ),
    "correction_applied": Rule(
        "Đính chính đã áp dụng",
        "info",
        "Ô {cell} ghi “{raw}”, dùng số đính chính: {message}.",
        "Không phải làm gì; đính chính hết hiệu lực khi nguồn được sửa.",
    ),
    "correction_expired": Rule(
        "Đính chính không còn khớp",
        "run",
        "Đính chính {raw} không còn khớp với số nhận được ({message}).",
        "Nguồn có thể đã được sửa: kiểm tra rồi xóa hoặc sửa đính chính trong "
        "params/intake/corrections.yml.",
        waivable=False,
    ),
}
