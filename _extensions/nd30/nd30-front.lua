--- What the official form prints before and after the text, from the metadata.
--
-- Masthead, "Kính gửi", legal basis, notice, contents and signature, written for HTML, Typst and
-- DOCX. `nd30.lua` loads it; the sizes of print stand in `typst-template.typ`.

local typst = FORMAT:match("typst") ~= nil
local docx = FORMAT:match("docx") ~= nil
local html = FORMAT:match("html") ~= nil

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
    author = text(nd30.author),
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

return {
  read_form = read_form,
  fill = fill_front,
  text = text,
  typst_string = typst_string,
  escape_xml = escape_xml,
}
