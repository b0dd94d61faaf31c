--- Names what only Quarto knows with classes, so that `nd30.lua` stays plain Pandoc.
--
-- Parts and appendices of a book come with Quarto's file metadata; `.landscape` is renamed so
-- that Quarto's own landscape pages (other margins, no page numbers) do not get in the way.

local function mark_header(header)
  local state = quarto.doc.file_metadata()
  local file = state and state.file
  if not file or header.level ~= 1 then return nil end
  if file.bookItemType == "part" then
    header.classes:insert("nd30-part")
    return header
  elseif file.bookItemType == "appendix" and header.classes:includes("unnumbered") then
    return {} -- Quarto's divider "Phụ lục": each appendix has its own title page
  elseif state.appendix and not header.classes:includes("unnumbered") then
    header.classes:insert("nd30-appendix")
    return header
  end
end

-- On the web a landscape table takes all the width right of the navigation.
local function rename_landscape(div)
  if div.classes:includes("landscape") then
    div.classes = div.classes:filter(function(class) return class ~= "landscape" end)
    div.classes:insert("nd30-landscape")
    if quarto.doc.is_format("html") then div.classes:insert("column-page-right") end
    return div
  end
end

return quarto.utils.combineFilters({
  quarto.utils.file_metadata_filter(),
  { Header = mark_header, Div = rename_landscape },
})
