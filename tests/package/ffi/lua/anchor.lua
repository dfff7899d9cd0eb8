-- libanchor for LuaJIT: wait until a named event is signaled, and signal one.
--
-- Lua has one thread. `client:start` begins a wait that goes on by itself: its `fd` fits any event loop.
-- Settings come from the environment. What fails gives nil, the status' name and the error as JSON.
local ffi = require "ffi"

ffi.cdef [[
typedef struct anchor_client anchor_client;
typedef struct anchor_wait anchor_wait;
typedef int32_t anchor_status;
anchor_status anchor_client_new(const void *config, anchor_client **out);
void anchor_client_free(anchor_client *client);
anchor_status anchor_wait_for_event(anchor_client *client, const char *event_name, int64_t timeout_ms, void *cancel,
                                    char **out_json);
anchor_status anchor_signal_event(anchor_client *client, const char *event_name, const char *data_json, int64_t timeout_ms,
                                  void *cancel, char **out_json);
anchor_status anchor_wait_start(anchor_client *client, const char *event_name, int64_t timeout_ms, anchor_wait **out);
int anchor_wait_fd(const anchor_wait *wait);
anchor_status anchor_wait_finish(anchor_wait *wait, int64_t timeout_ms, char **out_json);
void anchor_wait_cancel(anchor_wait *wait);
void anchor_wait_free(anchor_wait *wait);
char *anchor_json_get(const char *json, const char *pointer);
const char *anchor_status_name(int32_t status);
void anchor_string_free(char *string);
]]

local library = ffi.load "libanchor.so.0"
local NO_TIMEOUT, REQUEST_TIMEOUT = -1, -2

-- The text of a string that the library gave out, which is freed.
local function take(string)
    if string == nil then return nil end
    local text = ffi.string(string)
    library.anchor_string_free(string)
    return text
end

local function name(status)
    return ffi.string(library.anchor_status_name(status))
end

local function answer(status, out)
    local json = take(out[0])
    if status == 0 then return json end
    return nil, name(status), json
end

local Client, Wait = {}, {}
Client.__index, Wait.__index = Client, Wait

function Client:wait(event, timeout_ms)
    local out = ffi.new "char *[1]"
    return answer(library.anchor_wait_for_event(self.handle, event, timeout_ms or 60000, nil, out), out)
end

function Client:signal(event, json, timeout_ms)
    local out = ffi.new "char *[1]"
    timeout_ms = timeout_ms or REQUEST_TIMEOUT
    return answer(library.anchor_signal_event(self.handle, event, json or "{}", timeout_ms, nil, out), out)
end

function Client:start(event, timeout_ms)
    local out = ffi.new "anchor_wait *[1]"
    local status = library.anchor_wait_start(self.handle, event, timeout_ms or 60000, out)
    if status ~= 0 then return nil, name(status) end
    return setmetatable({ handle = ffi.gc(out[0], library.anchor_wait_free) }, Wait)
end

function Wait:fd() return library.anchor_wait_fd(self.handle) end
function Wait:cancel() library.anchor_wait_cancel(self.handle) end

-- Takes what came of it; gives nil and "ANCHOR_PENDING" if it has not ended within the time.
function Wait:finish(timeout_ms)
    local out = ffi.new "char *[1]"
    return answer(library.anchor_wait_finish(self.handle, timeout_ms or NO_TIMEOUT, out), out)
end

local anchor = {}

function anchor.client()
    local out = ffi.new "anchor_client *[1]"
    local status = library.anchor_client_new(nil, out)
    if status ~= 0 then return nil, name(status) end
    return setmetatable({ handle = ffi.gc(out[0], library.anchor_client_free) }, Client)
end

-- What a JSON pointer names in a JSON text: a string, or JSON.
function anchor.get(json, pointer)
    return take(library.anchor_json_get(json, pointer))
end

return anchor
