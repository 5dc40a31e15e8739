-- Drives the language server from a headless Neovim, as someone who edits would. Exits with 1 and says what went wrong.
local folder = vim.env.TX_EDITOR_FOLDER
local failures = {}

local function check(condition, what, detail)
  io.stdout:write((condition and "ok     " or "FAILED ") .. what .. (detail and (": " .. detail) or "") .. "\n")
  if not condition then table.insert(failures, what) end
end

local function open(name)
  vim.cmd("edit " .. folder .. "/" .. name)
  local buffer = vim.api.nvim_get_current_buf()
  vim.wait(30000, function() return #vim.lsp.buf_get_clients(buffer) > 0 end, 10)
  vim.wait(30000, function()
    for _, c in pairs(vim.lsp.buf_get_clients(buffer)) do return c.initialized end
  end, 10)
  return buffer
end

-- A request at the first place of `text`, `offset` columns into it.
local function ask(buffer, method, text, offset)
  local lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, true)
  for row, line in ipairs(lines) do
    local column = line:find(text, 1, true)
    if column then
      local parameters = {
        textDocument = { uri = vim.uri_from_bufnr(buffer) },
        position = { line = row - 1, character = column - 1 + offset },
        context = { triggerKind = 1 },
      }
      for _, response in pairs(vim.lsp.buf_request_sync(buffer, method, parameters, 30000) or {}) do return response.result end
      return nil
    end
  end
  error("`" .. text .. "` is not in the text")
end

local function hover(buffer, text, offset)
  local result = ask(buffer, "textDocument/hover", text, offset)
  return result and result.contents.value or ""
end

-- Published for the buffer, with when.
local published = {}
local handler = vim.lsp.handlers["textDocument/publishDiagnostics"]
vim.lsp.handlers["textDocument/publishDiagnostics"] = function(err, result, ...)
  published[result.uri] = published[result.uri] or {}
  table.insert(published[result.uri], { at = vim.loop.hrtime(), version = result.version, diagnostics = result.diagnostics })
  return handler(err, result, ...)
end

local function last(buffer)
  local list = published[vim.uri_from_bufnr(buffer)] or {}
  return list[#list]
end

local ok, message = pcall(function()
  local ops = open("ops.tx")
  local schedules = open("schedules.tx")

  check(hover(ops, "k: A[i, k]", 0):find("k in 0..K", 1, true), "hover on the index of a reduction gives its range")
  check(hover(ops, "C[i, j]", 2):find("i in 0..M", 1, true), "hover on an index of a left side gives its range")
  check(hover(ops, "total[i]", 0):find("total: f32[M]", 1, true), "hover on an intermediate tensor gives its inferred type")
  check(hover(schedules, "C.k.split", 2):find("k in 0..K", 1, true), "hover on a loop of a schedule gives its range")

  local place = (ask(schedules, "textDocument/definition", "C.k.split", 2) or {})[1]
  local line = place and vim.api.nvim_buf_get_lines(ops, place.range.start.line, place.range.start.line + 1, true)[1] or ""
  check(place and place.uri == vim.uri_from_bufnr(ops) and line:find("sum(k:", 1, true), "definition leads from a loop of a schedule to the equation in the other file", line)
  local called = (ask(schedules, "textDocument/definition", "matmul(A", 0) or {})[1]
  check(called and called.uri == vim.uri_from_bufnr(ops), "definition leads from a call to the operator")
  local imported = (ask(schedules, "textDocument/definition", "ops.tx", 0) or {})[1]
  check(imported and imported.uri == vim.uri_from_bufnr(ops), "definition leads from an import to the file")

  local labels = {}
  for _, item in ipairs((ask(schedules, "textDocument/completion", "C.k.split", 4) or {}).items or {}) do labels[item.label] = true end
  check(labels.split and labels.vectorize and not labels.compute_at, "completion behind a loop offers what is done to loops")
  check(#(ask(ops, "textDocument/documentSymbol", "op", 0) or {}) >= 2, "the outline has the operators")

  -- Diagnostics after a keystroke in a long file.
  local long = open("long.tx")
  vim.wait(120000, function() return last(long) ~= nil end, 10)
  vim.wait(3000, function() return false end)
  local rows = vim.api.nvim_buf_line_count(long)
  local times = {}
  for n = 1, 21 do
    local row = math.floor(rows * n / 23)
    while not vim.api.nvim_buf_get_lines(long, row, row + 1, true)[1]:find("sum(", 1, true) do row = row + 1 end
    local text = vim.api.nvim_buf_get_lines(long, row, row + 1, true)[1]
    local column = text:find("sum(", 1, true)
    local version = last(long).version
    local start = vim.loop.hrtime()
    vim.api.nvim_buf_set_text(long, row, column - 1, row, column - 1, { "q" })
    local found = vim.wait(20000, function() return last(long).version > version and #last(long).diagnostics > 0 end, 1)
    if n == 1 or not found then check(found, "a wrong name is reported") end
    table.insert(times, (last(long).at - start) / 1e6)
    version = last(long).version
    vim.api.nvim_buf_set_text(long, row, column - 1, row, column, { "" })
    vim.wait(20000, function() return last(long).version > version and #last(long).diagnostics == 0 end, 1)
  end
  table.sort(times)
  local limit = tonumber(vim.env.TX_EDITOR_LIMIT or "150")
  check(times[11] <= limit, string.format("diagnostics of a file of %d lines within %d ms of a keystroke", rows, limit), string.format("median %.0f ms, longest %.0f ms", times[11], times[21]))
end)
if not ok then check(false, "the script", tostring(message)) end
vim.cmd(#failures == 0 and "qall!" or "cquit")
