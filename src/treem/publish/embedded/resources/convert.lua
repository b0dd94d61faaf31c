--- Many conversions in one run of Pandoc: `pandoc lua convert.lua < jobs.json > results.json`.
--
-- A job has `text` and either `from` (a reader: the result is Pandoc's JSON) or `to` (a writer:
-- `text` is Pandoc's JSON; `filter` names a Lua filter that runs before).

local function read(job)
  return pandoc.write(pandoc.read(job.text, job.from), "json")
end

local function write(job)
  FORMAT, PANDOC_SCRIPT_FILE = job.to, job.filter -- what a filter knows when Pandoc runs it
  local doc = pandoc.read(job.text, "json")
  if job.filter then doc = pandoc.utils.run_lua_filter(doc, job.filter, _G) end
  return pandoc.write(doc, job.to, job.options)
end

local jobs = pandoc.json.decode(io.read("a"), false)
local results = {}
for i, job in ipairs(jobs) do
  results[i] = (job.from and read or write)(job)
end
io.write(pandoc.json.encode(results))
