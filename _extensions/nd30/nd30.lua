--- The form of Nghị định 30/2020/NĐ-CP for plain Pandoc.
--
-- Fills the divs of the front and of the signature from the metadata, and writes parts,
-- appendices, landscape pages and table heads for Typst and DOCX. Runs under Quarto
-- (`post-quarto`) and under Pandoc alone: it uses nothing of Quarto. See README.md.

local typst = FORMAT:match("typst") ~= nil
local docx = FORMAT:match("docx") ~= nil
local html = FORMAT:match("html") ~= nil

local LETTERS = { "a", "b", "c", "d", "đ", "e", "g", "h", "i", "k", "l", "m", "n", "o", "p", "q",
  "r", "s", "t", "u", "v", "x", "y" }
local NATIONAL_TITLE = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
local NATIONAL_MOTTO = "Độc lập - Tự do - Hạnh phúc"

-- ---- metadata -----------------------------------------------------------------------------

local function text(value)
  return value and pandoc.utils.stringify(value) or ""
end

local function texts(value)
  local result = pandoc.List()
  if pandoc.utils.type(value) == "List" then
    for _, item in ipairs(value) do result:insert(text(item)) end
  elseif value ~= nil then
    result:insert(text(value))
  end
  return result
end

local function read_form(meta)
  local nd30 = meta.nd30 or {}
  return {
    kind = text(nd30.kind),
    subject = text(nd30.subject),
    parent = text(nd30["parent-body"]),
    issuing = texts(nd30["issuing-body"]),
    symbol = text(nd30.symbol),
    place = text(nd30.place),
    addressees = texts(nd30.addressees),
    basis = texts(nd30["legal-basis"]):map(function(item) return "Căn cứ " .. item end),
    recipients = texts(nd30.recipients),
    signature = texts(nd30.signature),
    notice = text(meta["treem-notice"]),
  }
end

-- ---- text in each format ------------------------------------------------------------------

local function escape_xml(value)
  return (value:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"):gsub('"', "&quot;"))
end

local function typst_string(value)
  return '"' .. value:gsub("\\", "\\\\"):gsub('"', '\\"') .. '"'
end

local function typst_array(values)
  local items = values:map(typst_string)
  return "(" .. table.concat(items, ", ") .. (#items == 1 and "," or "") .. ")"
end

-- Items of a list in running text: each ends with ";", the last with ".".
local function closed(items)
  local result = pandoc.List()
  for i, item in ipairs(items) do result:insert(item .. (i < #items and ";" or ".")) end
  return result
end

local function raw(format, value)
  return pandoc.RawBlock(format, value)
end

-- ---- the front and the signature ----------------------------------------------------------

local NOTICE_TITLE = "Số liệu trình diễn"
local NOTICE_WORDS = "Mọi con số trong bản này do máy sinh ra để thử quy trình, không phản ánh tình "
  .. "hình của bất kỳ địa phương nào. Không trích dẫn và không dùng để quyết định."
local OPEN_NUMBER = "Số: \u{2003}\u{2003}\u{2003}/"
local OPEN_DATE = ", ngày \u{2003} tháng \u{2003} năm \u{2003}\u{2003}"

local to_typst = {
  masthead = function(form)
    return ("#nd30-masthead(parent: %s, issuing: %s, symbol: %s, place: %s, kind: %s, subject: %s)")
      :format(typst_string(form.parent), typst_array(form.issuing), typst_string(form.symbol),
        typst_string(form.place), typst_string(form.kind), typst_string(form.subject))
  end,
  addressees = function(form) return "#nd30-addressees(" .. typst_array(form.addressees) .. ")" end,
  ["legal-basis"] = function(form) return "#nd30-legal-basis(" .. typst_array(form.basis) .. ")" end,
  signature = function(form)
    return ("#nd30-signature(recipients: %s, signature: %s)")
      :format(typst_array(form.recipients), typst_array(form.signature))
  end,
  contents = function() return "#nd30-contents()" end,
  notice = function(form)
    return form.notice ~= "" and ("#callout(title: [%s], body: [%s])")
      :format(NOTICE_TITLE, NOTICE_WORDS)
  end,
}

local function html_lines(tag, class, lines)
  local open = ('<%s class="%s">'):format(tag, class)
  local items = lines:map(function(line) return open .. escape_xml(line) .. "</" .. tag .. ">" end)
  return table.concat(items, "\n")
end

local function html_list(items)
  return "<ul>\n" .. table.concat(items:map(function(item)
    return "<li>" .. escape_xml(item) .. "</li>"
  end), "\n") .. "\n</ul>"
end

local to_html = {
  masthead = function(form)
    local parent = form.parent ~= "" and html_lines("p", "nd30-parent", pandoc.List { form.parent })
    return table.concat({
      '<div class="nd30-masthead">',
      '<div class="nd30-issuer">',
      parent or "",
      '<p class="nd30-issuing">' .. table.concat(form.issuing:map(escape_xml), "<br>") .. "</p>",
      '<p class="nd30-number">' .. OPEN_NUMBER .. escape_xml(form.symbol) .. "</p>",
      "</div>",
      '<div class="nd30-nation">',
      '<p class="nd30-title">' .. NATIONAL_TITLE .. "</p>",
      '<p class="nd30-motto">' .. NATIONAL_MOTTO .. "</p>",
      '<p class="nd30-date">' .. escape_xml(form.place) .. OPEN_DATE .. "</p>",
      "</div>",
      "</div>",
      '<p class="nd30-kind" aria-hidden="true">' .. escape_xml(form.kind) .. "</p>",
      '<p class="nd30-subject" aria-hidden="true">' .. escape_xml(form.subject) .. "</p>",
    }, "\n")
  end,
  addressees = function(form)
    if #form.addressees == 1 then
      return '<p class="nd30-addressees">Kính gửi: ' .. escape_xml(form.addressees[1]) .. "</p>"
    end
    return '<div class="nd30-addressees"><p>Kính gửi:</p>\n'
      .. html_list(closed(form.addressees)) .. "</div>"
  end,
  ["legal-basis"] = function(form)
    return html_lines("p", "nd30-legal-basis", closed(form.basis))
  end,
  signature = function(form)
    return table.concat({
      '<div class="nd30-signature">',
      '<div class="nd30-recipients"><p>Nơi nhận:</p>',
      html_list(closed(form.recipients)),
      "</div>",
      '<div class="nd30-signer">',
      html_lines("p", "nd30-office", form.signature),
      "</div>",
      "</div>",
    }, "\n")
  end,
  contents = function() return nil end,
  notice = function(form)
    return form.notice ~= "" and ('<div class="nd30-notice"><p><strong>%s.</strong> %s</p></div>')
      :format(NOTICE_TITLE, NOTICE_WORDS)
  end,
}

-- DOCX: paragraphs and borderless tables. `size` is in half points, lengths in twentieths of one.
local function edge(side, space)
  return ('<w:%s w:val="single" w:sz="6" w:space="%d" w:color="000000"/>'):format(side, space)
end

local function paragraph(runs, options)
  options = options or {}
  local properties = '<w:pStyle w:val="Nd30Plain"/>'
    .. (options.rule and "<w:pBdr>" .. edge("top", 0) .. "</w:pBdr>" or "")
    .. (options.boxed and "<w:pBdr>" .. edge("top", 4) .. edge("left", 4) .. edge("bottom", 4)
      .. edge("right", 4) .. "</w:pBdr>" or "")
    .. ('<w:spacing w:before="%d" w:after="%d" w:line="%d" w:lineRule="%s"/>')
      :format(options.before or 0, options.after or 0, options.rule and 40 or 240,
        options.rule and "exact" or "auto")
    .. ('<w:ind w:left="%d" w:right="%d" w:firstLine="%d"/>')
      :format(options.left or 0, options.right or 0, options.indent or 0)
    .. ('<w:jc w:val="%s"/>'):format(options.align or "center")
  return "<w:p><w:pPr>" .. properties .. "</w:pPr>" .. runs .. "</w:p>"
end

local function run(value, size, bold, italic)
  return "<w:r><w:rPr>" .. (bold and "<w:b/><w:bCs/>" or "") .. (italic and "<w:i/><w:iCs/>" or "")
    .. ('<w:sz w:val="%d"/><w:szCs w:val="%d"/>'):format(size, size)
    .. '</w:rPr><w:t xml:space="preserve">' .. escape_xml(value) .. "</w:t></w:r>"
end

-- A short rule: an empty paragraph 2 pt high with a border on top, between its indents.
local function rule(width, share)
  local side = math.floor(width * (1 - share) / 2)
  return paragraph("", { rule = true, before = 40, left = side, right = side })
end

local function layout_table(widths, rows)
  local out = pandoc.List { '<w:tbl><w:tblPr><w:tblStyle w:val="Nd30Layout"/>'
    .. ('<w:tblW w:w="%d" w:type="dxa"/>'):format(widths[1] + widths[2])
    .. '<w:jc w:val="center"/><w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="0" w:type="dxa"/>'
    .. '<w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>' }
  for _, width in ipairs(widths) do out:insert(('<w:gridCol w:w="%d"/>'):format(width)) end
  out:insert("</w:tblGrid>")
  for _, row in ipairs(rows) do
    out:insert("<w:tr><w:trPr><w:cantSplit/></w:trPr>")
    for i, cell in ipairs(row) do
      out:insert(('<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/></w:tcPr>'):format(widths[i])
        .. cell .. "</w:tc>")
    end
    out:insert("</w:tr>")
  end
  out:insert("</w:tbl>")
  return table.concat(out)
end

local WIDE_LEFT, WIDE_RIGHT, WIDE_HALF = 3458, 5896, 4677
local MOTTO_SHARE = 0.59 -- the motto in 14 pt bold is 60.5 mm of the 104 mm column

local to_docx = {
  masthead = function(form)
    local left = (form.parent ~= "" and paragraph(run(form.parent, 26)) or "")
      .. table.concat(form.issuing:map(function(line) return paragraph(run(line, 26, true)) end))
      .. rule(WIDE_LEFT, 0.35)
    local right = paragraph(run(NATIONAL_TITLE, 26, true)) .. paragraph(run(NATIONAL_MOTTO, 28, true))
      .. rule(WIDE_RIGHT, MOTTO_SHARE)
    return layout_table({ WIDE_LEFT, WIDE_RIGHT }, {
      { left, right },
      {
        paragraph(run(OPEN_NUMBER .. form.symbol, 26), { before = 120 }),
        paragraph(run(form.place .. OPEN_DATE, 28, false, true), { before = 120 }),
      },
    })
      .. paragraph(run(form.kind, 28, true), { before = 280 })
      .. paragraph(run(form.subject, 28, true), { before = 60 })
      .. rule(WIDE_LEFT + WIDE_RIGHT, 0.36)
      .. paragraph("", { after = 120 })
  end,
  addressees = function(form)
    if #form.addressees == 1 then
      return paragraph(run("Kính gửi: " .. form.addressees[1], 28), { after = 200 })
    end
    local lines = closed(form.addressees):map(function(item)
      return paragraph(run("- " .. item, 28), { align = "left", left = 3200 })
    end)
    return paragraph(run("Kính gửi:", 28), { align = "left", left = 2200 })
      .. table.concat(lines) .. paragraph("", { after = 80 })
  end,
  ["legal-basis"] = function(form)
    return table.concat(closed(form.basis):map(function(item)
      return paragraph(run(item, 28, false, true), { align = "both", indent = 720, after = 120 })
    end))
  end,
  signature = function(form)
    local left = paragraph(run("Nơi nhận:", 24, true, true), { align = "left" })
      .. table.concat(closed(form.recipients):map(function(item)
        return paragraph(run("- " .. item, 22), { align = "left" })
      end))
    local right = table.concat(form.signature:map(function(line)
      return paragraph(run(line, 28, true))
    end)) .. paragraph("", { before = 1600 })
    return paragraph("", { after = 120 })
      .. layout_table({ WIDE_HALF, WIDE_HALF }, { { left, right } }) .. paragraph("")
  end,
  contents = function()
    return paragraph(run("MỤC LỤC", 28, true), { before = 240, after = 120 })
      .. '<w:p><w:pPr><w:pStyle w:val="TOC1"/></w:pPr><w:r><w:fldChar w:fldCharType="begin" w:dirty="true"/></w:r>'
      .. '<w:r><w:instrText xml:space="preserve">TOC \\o "1-2" \\h \\z \\u</w:instrText></w:r>'
      .. '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>'
      .. "Bấm chuột phải vào đây và chọn cập nhật để lập mục lục.</w:t></w:r>"
      .. '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
  end,
  notice = function(form)
    return form.notice ~= "" and paragraph(
      run(NOTICE_TITLE .. ". ", 28, true) .. run(NOTICE_WORDS, 28),
      { align = "both", after = 120, boxed = true })
  end,
}

local writers = (typst and { "typst", to_typst }) or (docx and { "openxml", to_docx })
  or (html and { "html", to_html })

-- The last sentence stands on the page of the signature.
local function keep_together(sentence, filled)
  if #sentence == 0 then return filled end
  if typst then
    return pandoc.Blocks { raw("typst", "#block(breakable: false)[") } .. sentence
      .. { filled, raw("typst", "]") }
  end
  return sentence .. { filled }
end

local function fill_front(blocks, form)
  return blocks:walk {
    Div = function(div)
      for name in pairs(to_typst) do
        if writers and div.classes:includes("nd30-" .. name) then
          local filled = writers[2][name](form)
          return filled and keep_together(div.content, raw(writers[1], filled)) or {}
        end
      end
    end,
  }
end

-- ---- the order of blocks ------------------------------------------------------------------

local FRONT = { "nd30-masthead", "nd30-addressees", "nd30-legal-basis" }

local function is_front(block)
  return block.t == "Div" and block.classes:find_if(function(class)
    return pandoc.List(FRONT):includes(class)
  end) ~= nil
end

local function is_landscape(block)
  return block.t == "Div"
    and (block.classes:includes("landscape") or block.classes:includes("nd30-landscape"))
end

local function is_title(block)
  return block.t == "Header" and block.level == 1
end

-- What carries no print: comments of Quarto and empty blocks between a title and the next block.
local function is_silent(block)
  return (block.t == "RawBlock" and block.format == "html")
    or ((block.t == "Para" or block.t == "Plain") and #block.content == 0)
end

local function unwrap(blocks, class)
  local result = pandoc.Blocks {}
  for _, block in ipairs(blocks) do
    if block.t == "Div" and block.classes:includes(class) then
      result:extend(block.content)
    else
      result:insert(block)
    end
  end
  return result
end

-- The title "Mở đầu" comes after the masthead, the addressees and the legal basis.
local function move_front_before_title(blocks)
  local result = pandoc.Blocks {}
  local waiting = nil
  for _, block in ipairs(blocks) do
    if waiting and not (is_front(block) or is_silent(block)) then
      result:insert(waiting)
      waiting = nil
    end
    if is_title(block) and #result:filter(is_title) == 0 then
      waiting = block
    else
      result:insert(block)
    end
  end
  if waiting then result:insert(waiting) end
  return result
end

-- An HTML page has one h1, its title; only the first page ("Mở đầu") has one more in its text.
local function demote_titles(blocks)
  return blocks:walk {
    Header = function(header)
      if header.level == 1 then
        header.level = 2
        return header
      end
    end,
  }
end

-- A title right before a landscape table stands on the landscape page.
local function move_titles_into_landscape(blocks)
  local result = pandoc.Blocks {}
  for _, block in ipairs(blocks) do
    if is_landscape(block) then
      local before = #result
      while before > 0 and is_silent(result[before]) do before = before - 1 end
      if before > 0 and is_title(result[before]) then
        block.content:insert(1, result:remove(before))
      end
    end
    result:insert(block)
  end
  return result
end

-- ---- headings -----------------------------------------------------------------------------

local function part_words(header)
  local name, title = pandoc.Inlines {}, pandoc.Inlines {}
  local target = name
  for _, inline in ipairs(header.content) do
    if target == name and inline.t == "Str" and inline.text:match("%.$") then
      name:insert(pandoc.Str((inline.text:gsub("%.$", ""))))
      target = title
    elseif not (target == title and #title == 0 and inline.t == "Space") then
      target:insert(inline)
    end
  end
  return name, title
end

local function typst_call(name, arguments, label)
  local inlines = pandoc.Inlines { pandoc.RawInline("typst", "#" .. name) }
  for _, argument in ipairs(arguments) do
    inlines:insert(pandoc.RawInline("typst", "["))
    inlines:extend(argument)
    inlines:insert(pandoc.RawInline("typst", "]"))
  end
  if label ~= "" then inlines:insert(pandoc.RawInline("typst", " <" .. label .. ">")) end
  return pandoc.Para(inlines)
end

local NEXT_APPENDIX = "#nd30-appendix-page()"
local FIRST_APPENDIX = "#nd30-appendices-begin()\n" .. NEXT_APPENDIX

local function typst_headings(blocks)
  local appendices = 0
  return blocks:walk {
    Header = function(header)
      local label = header.identifier
      if header.classes:includes("nd30-untitled") then
        return raw("typst", label ~= "" and "#[#metadata(none) <" .. label .. ">]" or "")
      elseif header.classes:includes("nd30-part") then
        local name, title = part_words(header)
        return raw("typst", ("#nd30-part(%s, %s)"):format(typst_string(text(name)),
          typst_string(text(title))) .. (label ~= "" and " <" .. label .. ">" or ""))
      elseif header.classes:includes("nd30-appendix") then
        appendices = appendices + 1
        local call = typst_call("nd30-appendix", { header.content }, label)
        return { raw("typst", appendices == 1 and FIRST_APPENDIX or NEXT_APPENDIX), call }
      end
    end,
  }
end

local SECTION = '<w:p><w:pPr><w:pStyle w:val="Nd30Plain"/><w:sectPr><w:pgSz w:w="%d" w:h="%d"%s/>'
  .. '<w:pgMar w:top="1134" w:right="850" w:bottom="1134" w:left="1701" w:header="454"'
  .. ' w:footer="454" w:gutter="0"/></w:sectPr></w:pPr></w:p>'
local END_PORTRAIT = SECTION:format(11906, 16838, "")
local END_LANDSCAPE = SECTION:format(16838, 11906, ' w:orient="landscape"')

local function heading_number(counts, level, appendix)
  if level == 1 then
    local roman = pandoc.utils.to_roman_numeral(counts[1])
    return appendix and "Phụ lục " .. roman or roman .. "."
  elseif level == 2 then
    return counts[2] .. "."
  elseif level == 3 then
    return LETTERS[(counts[3] - 1) % #LETTERS + 1] .. ")"
  end
end

local function reference_number(counts, level, appendix)
  local roman = pandoc.utils.to_roman_numeral(counts[1])
  local first = (appendix and level > 1) and "PL" .. counts[1] or roman
  local words = pandoc.List { first }
  if level >= 2 then words:insert(tostring(counts[2])) end
  if level >= 3 then words:insert(LETTERS[(counts[3] - 1) % #LETTERS + 1]) end
  return (appendix and level == 1 and "Phụ lục" or "Mục") .. "\u{a0}" .. table.concat(words, ".")
end

-- Numbers the headings of DOCX and returns the texts of references to them.
local function docx_headings(blocks)
  local counts, appendix, references = { 0, 0, 0 }, false, {}
  local numbered = blocks:walk {
    Header = function(header)
      if header.classes:includes("nd30-untitled") then
        return pandoc.Para { pandoc.Span({}, { id = header.identifier }) }
      end
      local starts_appendix = header.classes:includes("nd30-appendix")
      if starts_appendix and not appendix then
        appendix = true
        counts = { 0, 0, 0 }
      end
      local content = header.content
      if header.classes:includes("nd30-part") then
        local name, title = part_words(header)
        content = name .. { pandoc.LineBreak() } .. title
      elseif not header.classes:includes("unnumbered") and header.level <= 3 then
        counts[header.level] = counts[header.level] + 1
        for level = header.level + 1, 3 do counts[level] = 0 end
        references[header.identifier] = reference_number(counts, header.level, appendix)
        local number = heading_number(counts, header.level, appendix)
        local gap = starts_appendix and pandoc.LineBreak() or pandoc.Space()
        content = pandoc.Inlines { pandoc.Str(number), gap } .. content
      end
      header.content = content
      header.attributes.number = nil
      return starts_appendix and { raw("openxml", END_PORTRAIT), header } or header
    end,
  }
  return numbered:walk {
    Link = function(link)
      local words = references[link.target:match("^#(sec%-.+)$") or ""]
      if words and link.classes:includes("quarto-xref") then
        link.content = pandoc.Inlines { pandoc.Str(words) }
        return link
      end
    end,
  }
end

-- ---- landscape pages and tables -----------------------------------------------------------

local BEGINNINGS = pandoc.List { END_PORTRAIT, FIRST_APPENDIX, NEXT_APPENDIX }

-- An appendix that begins on a landscape page has already written its beginning: it comes first.
local function turn_pages(blocks)
  return blocks:walk {
    Div = function(div)
      if not is_landscape(div) then return nil end
      local before = pandoc.Blocks {}
      local first = div.content[1]
      if first and first.t == "RawBlock" and BEGINNINGS:includes(first.text) then
        before:insert(div.content:remove(1))
      end
      if typst then
        before:insert(raw("typst", "#nd30-landscape["))
        return before .. div.content .. { raw("typst", "]") }
      end
      if #before == 0 then before:insert(raw("openxml", END_PORTRAIT)) end
      return before .. div.content .. { raw("openxml", END_LANDSCAPE) }
    end,
  }
end

local function mark_head(cell)
  cell.alignment = pandoc.AlignCenter
  cell.contents = cell.contents:walk {
    Strong = function(strong) return strong.content end,
  }:walk {
    Plain = function(plain) return pandoc.Plain { pandoc.Strong(plain.content) } end,
    Para = function(para) return pandoc.Plain { pandoc.Strong(para.content) } end,
  }
  return cell
end

local function mark_table_head(tbl)
  for _, row in ipairs(tbl.head.rows) do
    for i, cell in ipairs(row.cells) do row.cells[i] = mark_head(cell) end
  end
  return tbl
end

local GROUP, NOTE = "/*nd30-group*/", "#nd30-table-note["

local function prefix_cell(cell, words, suffix)
  local block = cell.contents[1]
  if block and block.content then
    block.content:insert(1, pandoc.RawInline("typst", words))
    if suffix then block.content:insert(pandoc.RawInline("typst", suffix)) end
  end
end

-- Rows of class `group` (one cell over all columns) become headers of the rows below them, so
-- that Typst repeats them on the next page; rows of class `note` are set smaller.
local function typst_groups(tbl)
  local groups = false
  for _, body in ipairs(tbl.bodies) do
    for _, row in ipairs(body.body) do
      if row.classes:includes("group") then
        groups = true
        prefix_cell(row.cells[1], GROUP)
      elseif row.classes:includes("note") then
        prefix_cell(row.cells[1], NOTE, "]")
      end
    end
  end
  if not groups then return tbl end
  tbl.classes:insert("typst:no-figure")
  local words = pandoc.write(pandoc.Pandoc { tbl }, "typst", { wrap_text = "none" })
  local group = "table%.cell%([^%[\n]-(colspan: %d+)[^%[\n]*%)%[/%*nd30%-group%*/(.-)%],\n"
  return raw("typst", (words:gsub(group, function(span, content)
    return ("table.header(level: 2, repeat: true, table.cell(%s, align: left)[%s]),\n")
      :format(span, content)
  end)))
end

-- Pandoc takes the alternative text of a picture in DOCX from its caption.
local function describe_image(image)
  local words = image.attributes["fig-alt"] or image.attributes.alt
  if docx and words then
    image.caption = pandoc.Inlines { pandoc.Str(words) }
    return image
  end
end

-- A cell that begins with a dash is no list: Typst takes `- words` for one.
local function escape_start(block)
  local first = block.content[1]
  if first and first.t == "Str" and first.text:match("^[-+/=]$") then
    block.content[1] = pandoc.RawInline("typst", "\\" .. first.text)
    return block
  end
end

local function print_table(tbl)
  if typst then tbl = tbl:walk { Plain = escape_start, Para = escape_start } end
  tbl = mark_table_head(tbl)
  return typst and typst_groups(tbl) or tbl
end

-- ---- the filter ---------------------------------------------------------------------------

function Pandoc(doc)
  local form = read_form(doc.meta)
  if html then
    local blocks = demote_titles(move_front_before_title(doc.blocks))
    doc.blocks = fill_front(blocks, form)
    if form.notice ~= "" then
      doc.blocks:insert(1, raw("html", '<div class="treem-notice" role="note">'
        .. escape_xml(form.notice) .. "</div>"))
    end
  elseif typst or docx then
    local blocks = unwrap(doc.blocks, "quarto-book-part")
    blocks = move_front_before_title(blocks)
    blocks = move_titles_into_landscape(blocks)
    blocks = fill_front(blocks, form)
    blocks = typst and typst_headings(blocks) or docx_headings(blocks)
    blocks = turn_pages(blocks)
    doc.blocks = blocks:walk { Table = print_table, Image = describe_image }
  end
  return doc
end
