local ffi = require "ffi"
ffi.cdef(assert(io.open(os.getenv "ANCHOR_CDEF")):read "*a")
local anchor = ffi.load "libanchor.so.0"
local client = ffi.new "anchor_client *[1]"
assert(anchor.anchor_client_new(nil, client) == anchor.ANCHOR_OK)
local json = ffi.new "char *[1]"
local there = anchor.anchor_wait_for_event(client[0], "there", anchor.ANCHOR_DEFAULT_TIMEOUT_MS, nil, json)
print(ffi.string(json[0]))
local quiet = anchor.anchor_wait_for_event(client[0], "quiet", 0, nil, nil)
print(ffi.string(anchor.anchor_status_name(there)))
print(ffi.string(anchor.anchor_status_name(quiet)))
print(string.format("%.0f", tonumber(anchor.ANCHOR_RETRY_ALWAYS)))
anchor.anchor_string_free(json[0])
anchor.anchor_client_free(client[0])
