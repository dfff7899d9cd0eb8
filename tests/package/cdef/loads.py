import os

import cffi

ffi = cffi.FFI()
with open(os.environ["ANCHOR_CDEF"]) as declarations:
    ffi.cdef(declarations.read())
anchor = ffi.dlopen("libanchor.so.0")
client = ffi.new("anchor_client **")
assert anchor.anchor_client_new(ffi.NULL, client) == anchor.ANCHOR_OK
json = ffi.new("char **")
there = anchor.anchor_wait_for_event(client[0], b"there", anchor.ANCHOR_DEFAULT_TIMEOUT_MS, ffi.NULL, json)
print(ffi.string(json[0]).decode())
quiet = anchor.anchor_wait_for_event(client[0], b"quiet", 0, ffi.NULL, ffi.NULL)
for status in (there, quiet):
    print(ffi.string(anchor.anchor_status_name(status)).decode())
print(anchor.ANCHOR_RETRY_ALWAYS)
anchor.anchor_string_free(json[0])
anchor.anchor_client_free(client[0])
