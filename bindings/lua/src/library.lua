-- The shared library: where it is, and the functions of anchor.h, as anchor.cdef declares them.

local has_ffi, ffi = pcall(require, "ffi")
if not has_ffi then
    error("anchor_events needs LuaJIT, or another Lua with its ffi", 0)
end

local VERSION = "0.1.0"
local SYSTEM_NAMES = { OSX = "libanchor.0.dylib", Windows = "anchor" }

-- Both come with the rock. Without them the library of the system is taken.
local bundled = package.searchpath("anchor_events.libanchor", package.cpath)
local declarations = package.searchpath("anchor_events.anchor", (package.path:gsub("%.lua", ".cdef")))
if not declarations then
    error("anchor.cdef is missing beside the modules of anchor_events", 0)
end

local file = assert(io.open(declarations))
ffi.cdef(file:read("*a"))
file:close()

local lib = ffi.load(bundled or SYSTEM_NAMES[jit.os] or "libanchor.so.0")

local found = ffi.string(lib.anchor_version())
if found ~= VERSION then
    error(("anchor_events %s needs libanchor %s, and found %s"):format(VERSION, VERSION, found), 0)
end

-- A place for a string that the library gives. If the program is interrupted, it is freed with the place.
local function text_out()
    return ffi.gc(ffi.new("char *[1]"), function(out)
        lib.anchor_string_free(out[0])
    end)
end

local function text_of(string)
    return string ~= nil and ffi.string(string) or ""
end

-- Copies the string and frees it.
local function take(out)
    local text, string = text_of(out[0]), out[0]
    out[0] = nil
    lib.anchor_string_free(string)
    return text
end

return {
    VERSION = VERSION,
    ffi = ffi,
    last_error = function()
        return text_of(lib.anchor_last_error())
    end,
    lib = lib,
    take = take,
    text_of = text_of,
    text_out = text_out,
}
