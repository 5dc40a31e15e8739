-- tx in Neovim 0.7 and later: put these lines into init.lua, or `dofile` this file. `tx` has to be on the path, or $TX names it.
vim.api.nvim_create_autocmd({ "BufRead", "BufNewFile" }, {
  pattern = "*.tx",
  callback = function() vim.bo.filetype = "tx" end,
})

local client
vim.api.nvim_create_autocmd("FileType", {
  pattern = "tx",
  callback = function(event)
    vim.bo[event.buf].commentstring = "// %s"
    client = client or vim.lsp.start_client({
      name = "tx",
      cmd = { vim.env.TX or "tx", "lsp" },
      root_dir = vim.fn.getcwd(),
      flags = { debounce_text_changes = 20 },
      on_attach = function(_, buffer)
        local function map(key, action) vim.keymap.set("n", key, action, { buffer = buffer }) end
        map("K", vim.lsp.buf.hover)
        map("gd", vim.lsp.buf.definition)
        map("gO", vim.lsp.buf.document_symbol)
        vim.bo[buffer].omnifunc = "v:lua.vim.lsp.omnifunc"
      end,
      on_exit = function() client = nil end,
    })
    if client then vim.lsp.buf_attach_client(event.buf, client) end
  end,
})

-- The commands above operators and schedules.
local function terminal(verb, flags, asks_sizes)
  return function(command)
    local uri, operator, schedule = unpack(command.arguments)
    local line = { vim.env.TX or "tx", verb, vim.uri_to_fname(uri), "--op", operator }
    if schedule then vim.list_extend(line, { "--schedule", schedule }) end
    if asks_sizes then
      local sizes = vim.trim(vim.fn.input("sizes of " .. operator .. ", such as M=1024,N=1024: "))
      if sizes ~= "" then vim.list_extend(line, { "--shape", sizes }) end
    end
    vim.cmd("botright new")
    vim.fn.termopen(vim.list_extend(line, flags))
  end
end
vim.lsp.commands["tx.steps"] = terminal("print", { "--steps" }, false)
vim.lsp.commands["tx.time"] = terminal("bench", {}, true)
