--- The form of Nghị định 30/2020/NĐ-CP for plain Pandoc.
--
-- Fills the divs of the front and of the signature from the metadata, and writes parts,
-- appendices, landscape pages and table heads for Typst and DOCX. Runs under Quarto
-- (`post-quarto`) and under Pandoc alone: of Quarto it only asks where its own folder is.
-- See README.md.

local typst = FORMAT:match("typst") ~= nil
local docx = FORMAT:match("docx") ~= nil
local html = FORMAT:match("html") ~= nil

local LETTERS = { "a", "b", "c", "d", "đ", "e", "g", "h", "i", "k", "l", "m", "n", "o", "p", "q",
  "r", "s", "t", "u", "v", "x", "y" }

local function sibling(name)
  if quarto then return quarto.utils.resolve_path(name) end
  return pandoc.path.join { pandoc.path.directory(PANDOC_SCRIPT_FILE), name }
end

local front = dofile(sibling("nd30-front.lua"))

local function raw(format, value)
  return pandoc.RawBlock(format, value)
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

-- "(Kèm theo Báo cáo số …": number and day are filled in on paper, in a file they stay empty.
local function link_line(form)
  if form.kind == "" then return nil end
  local kind = pandoc.text.sub(form.kind, 1, 1) .. pandoc.text.lower(pandoc.text.sub(form.kind, 2))
  local blank = "\u{2003}\u{2003}"
  return "(Kèm theo " .. kind .. " số" .. blank .. "\u{2003}/" .. form.symbol .. " ngày" .. blank
    .. "tháng" .. blank .. "năm" .. blank .. "\u{2003}"
    .. (form.author ~= "" and "của " .. form.author or "") .. ")"
end

local function typst_headings(blocks, form)
  local link = link_line(form)
  local appendices = 0
  return blocks:walk {
    Header = function(header)
      local label = header.identifier
      if header.classes:includes("nd30-untitled") then
        return raw("typst", label ~= "" and "#[#metadata(none) <" .. label .. ">]" or "")
      elseif header.classes:includes("nd30-part") then
        local name, title = part_words(header)
        return raw("typst", ("#nd30-part(%s, %s)"):format(front.typst_string(front.text(name)),
          front.typst_string(front.text(title))) .. (label ~= "" and " <" .. label .. ">" or ""))
      elseif header.classes:includes("nd30-appendix") then
        appendices = appendices + 1
        local call = typst_call("nd30-appendix", { header.content }, label)
        local begin = raw("typst", appendices == 1 and FIRST_APPENDIX or NEXT_APPENDIX)
        local line = link and raw("typst", "#nd30-link-line(" .. front.typst_string(link) .. ")")
        return line and { begin, call, line } or { begin, call }
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
local LINK_LINE = '<w:p><w:pPr><w:pStyle w:val="Nd30Plain"/><w:keepNext/><w:spacing w:after="240"/>'
  .. '<w:jc w:val="center"/></w:pPr><w:r><w:rPr><w:i/></w:rPr><w:t xml:space="preserve">%s</w:t>'
  .. "</w:r></w:p>"

local function docx_headings(blocks, form)
  local link = link_line(form)
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
      if not starts_appendix then return header end
      local begun = pandoc.Blocks { raw("openxml", END_PORTRAIT), header }
      if link then begun:insert(raw("openxml", LINK_LINE:format(front.escape_xml(link)))) end
      return begun
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
local SHORT_NOTE, SMALL_ROWS, SMALL_TEXT = 300, 10, 900

local function prefix_cell(cell, words, suffix)
  local block = cell.contents[1]
  if block and block.content then
    block.content:insert(1, pandoc.RawInline("typst", words))
    if suffix then block.content:insert(pandoc.RawInline("typst", suffix)) end
  end
end

local function letters(blocks)
  return utf8.len(pandoc.utils.stringify(blocks)) or 0
end

-- Takes the note out of a table where it is too long to stand under the rows of every page.
local function take_long_note(tbl)
  local note = pandoc.Blocks {}
  for _, body in ipairs(tbl.bodies) do
    body.body = body.body:filter(function(row)
      local long = row.classes:includes("note") and letters(row.cells[1].contents) > SHORT_NOTE
      if long then note:extend(row.cells[1].contents) end
      return not long
    end)
  end
  return note
end

local function is_small(tbl)
  local rows, size = #tbl.head.rows, 0
  for _, body in ipairs(tbl.bodies) do
    rows = rows + #body.body
    for _, row in ipairs(body.body) do
      for _, cell in ipairs(row.cells) do size = size + letters(cell.contents) end
    end
  end
  return rows <= SMALL_ROWS and size <= SMALL_TEXT
end

local function mark_rows(tbl)
  for _, body in ipairs(tbl.bodies) do
    for _, row in ipairs(body.body) do
      if row.classes:includes("group") then
        prefix_cell(row.cells[1], GROUP)
      elseif row.classes:includes("note") then
        prefix_cell(row.cells[1], NOTE, "]")
      end
    end
  end
end

local CELL = "table%.cell%([^%[\n]-(colspan: %d+)[^%[\n]*%)%["

-- Rows of class `group` (one cell over all columns) become headers of the rows below them, so
-- that Typst repeats them on the next page. The row of class `note` becomes the foot of the table:
-- Typst keeps it under rows on every page. A small table stays on one page.
local function typst_table(tbl)
  local note = take_long_note(tbl)
  local small = is_small(tbl)
  mark_rows(tbl)
  tbl.classes:insert("typst:no-figure")
  local words = pandoc.write(pandoc.Pandoc { tbl }, "typst", { wrap_text = "none" })
  words = words:gsub(CELL .. "/%*nd30%-group%*/(.-)%],\n", function(span, content)
    return ("table.header(level: 2, repeat: true, table.cell(%s, align: left)[%s]),\n")
      :format(span, content)
  end)
  words = words:gsub(CELL .. "(#nd30%-table%-note%[.*%])%],\n%)", function(span, content)
    return ("table.footer(repeat: true, table.cell(%s, align: left)[%s]),\n)")
      :format(span, content)
  end)
  if small then words = "#nd30-small-table[\n" .. words .. "\n]" end
  local blocks = pandoc.Blocks { raw("typst", words) }
  if #note > 0 then
    blocks:insert(raw("typst", "#nd30-note-below["))
    blocks:extend(note)
    blocks:insert(raw("typst", "]"))
  end
  return blocks
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
  return typst and typst_table(tbl) or tbl
end

-- ---- the filter ---------------------------------------------------------------------------

function Pandoc(doc)
  local form = front.read_form(doc.meta)
  if html then
    local blocks = demote_titles(move_front_before_title(doc.blocks))
    doc.blocks = front.fill(blocks, form)
    if form.notice ~= "" then
      doc.blocks:insert(1, raw("html", '<div class="treem-notice" role="note">'
        .. front.escape_xml(form.notice) .. "</div>"))
    end
  elseif typst or docx then
    local blocks = unwrap(doc.blocks, "quarto-book-part")
    blocks = move_front_before_title(blocks)
    blocks = move_titles_into_landscape(blocks)
    blocks = front.fill(blocks, form)
    blocks = typst and typst_headings(blocks, form) or docx_headings(blocks, form)
    blocks = turn_pages(blocks)
    doc.blocks = blocks:walk { Table = print_table, Image = describe_image }
  end
  return doc
end
