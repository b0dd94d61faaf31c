--- Reads raw HTML blocks, as both publishers do before they call the filters of the extension.
function RawBlock(block)
  if block.format == "html" and block.text:match("<table") then
    local blocks = pandoc.read(block.text, "html").blocks
    for _, found in ipairs(blocks) do
      if found.t == "Table" then found.classes:insert("typst:no-figure") end
    end
    return blocks
  end
end
