-- A client: calls that block the program, or the task of a loop that makes them.
--
-- Ctrl-C makes the interpreter raise an error at the next instruction, wherever that is. So what a call of the library gave is
-- found again without what the call returned.

local arguments = require("anchor_events.arguments")
local errors = require("anchor_events.errors")
local json = require("anchor_events.json")
local library = require("anchor_events.library")
local loop = require("anchor_events.loop")
local settings = require("anchor_events.settings")

-- Compiled code does not see that it is interrupted.
jit.off(true, true)

local argument, ffi, lib = arguments.argument, library.ffi, library.lib

ffi.cdef('int anchor_events_getpid(void) __asm__("getpid");')

local DEFAULT_TIMEOUT = 60
-- A signal that comes just before a call blocks does not end it: it is seen after this time.
local LOOK_AGAIN_MS = 100

local Client = {}
Client.__index = Client

function Client:__tostring()
    return "anchor_events.client" .. (self.is_closed and " (closed)" or "")
end

-- A child of fork is another process. Windows has no fork.
local function process()
    return ffi.os == "Windows" and 0 or ffi.C.anchor_events_getpid()
end

-- Makes a client from the environment and a table of settings. Returns nil and an error if the library refuses one.
local function new(given)
    given = argument("table", 1, "client", given or {})
    local handle, failure = settings.new_client(given)
    if not handle then
        return nil, failure
    end
    return setmetatable({ handle = handle, kept = {}, process = process(), is_closed = false }, Client)
end

local function check_open(client)
    if client.is_closed then
        error("the client is closed", 3)
    end
end

local function start(client, call, name, millis, options)
    local status = lib.anchor_wait_start_on(client.handle, call.queue, name, millis, 0, options, nil)
    return status ~= lib.ANCHOR_OK and errors.last(status) or nil
end

-- Returns when the only wait of the queue has ended, and has its completion in call.done.
local function block(call, look_again_ms)
    while call.done[0] == nil do
        lib.anchor_queue_next(call.queue, look_again_ms, nil, call.done)
    end
end

local function new_call()
    local out = ffi.new("anchor_queue *[1]")
    local status = lib.anchor_queue_new(out)
    if status ~= lib.ANCHOR_OK then
        return nil, errors.last(status)
    end
    local done = ffi.gc(ffi.new("anchor_completion *[1]"), function(place)
        lib.anchor_completion_free(place[0])
    end)
    return { queue = ffi.gc(out[0], lib.anchor_queue_free), done = done }
end

-- Not left to the collector, which does not know of descriptors and sizes.
local function free(call)
    local completion = call.done[0]
    call.done[0] = nil
    lib.anchor_completion_free(completion)
    lib.anchor_queue_free(ffi.gc(call.queue, nil))
end

-- Puts the event of the call among those that the client has for the name. Doing it twice changes nothing.
local function keep(client, call, name)
    if not call.event then
        call.event, call.failure = loop.outcome(name, call.done[0])
    end
    local kept = client.kept[name] or {}
    client.kept[name] = kept
    if call.event and kept[#kept] ~= call.event then
        table.insert(kept, call.event)
    end
end

-- The wait was cut short, perhaps as its event had arrived: the next wait for the name gets it.
local function give_up(client, call, name)
    lib.anchor_queue_cancel_all(call.queue)
    if call.done[0] ~= nil or lib.anchor_queue_running(call.queue) > 0 then
        block(call, lib.ANCHOR_NO_TIMEOUT)
        keep(client, call, name)
    end
    free(call)
end

local function run(client, call, name, millis, options)
    call.failure = start(client, call, name, millis, options)
    if not call.failure then
        block(call, LOOK_AGAIN_MS)
        keep(client, call, name)
    end
end

local function wait(client, name, millis, options)
    local call, failure = new_call()
    if not call then
        return nil, failure
    end
    local is_complete, raised = pcall(run, client, call, name, millis, options)
    if not is_complete then
        give_up(client, call, name)
        error(raised, 0)
    end
    free(call)
    if call.failure then
        return nil, call.failure
    end
    return table.remove(client.kept[name], 1)
end

-- The events that the client has for the name. A child of fork has copies, which are for its parent alone.
local function kept_for(client, name)
    if client.process ~= process() then
        client.kept, client.process = {}, process()
    end
    return client.kept[name]
end

-- Returns the event when it is signaled; an event that was signaled before is taken at once. Returns nil and an error otherwise.
--
-- timeout: in seconds, 60 by default; 0 asks once; math.huge sets no limit
-- options: a table with what is otherwise than in the client's settings
function Client:wait(name, timeout, options)
    argument("text", 1, "wait", name)
    local millis = argument("limit", 2, "wait", timeout == nil and DEFAULT_TIMEOUT or timeout)
    check_open(self)
    local given, failure = settings.new_options(options)
    if failure then
        return nil, failure
    end
    local task = loop.current()
    local is_cancelled = task and task.is_cancelled
    local kept = kept_for(self, name)
    if not is_cancelled and kept and kept[1] then
        return table.remove(kept, 1)
    end
    if task then
        return task:wait(self, name, millis, given)
    end
    return wait(self, name, millis, given)
end

-- Each event of the name, for a loop with `for`. No event is asked for while the program handles one. A failure is raised.
function Client:events(name, options)
    argument("text", 1, "events", name)
    return function()
        local event, failure = self:wait(name, math.huge, options)
        return event or error(failure, 0)
    end
end

-- Makes a call that blocks the whole program, unless its task was cancelled.
local function call_within(options, call)
    local given, failure = settings.new_options(options)
    if failure then
        return nil, failure
    end
    local task = loop.current()
    if task and task.is_cancelled then
        return nil, errors.cancelled()
    end
    return call(given)
end

local function within(timeout, position, name)
    if timeout == nil then
        return lib.ANCHOR_REQUEST_TIMEOUT
    end
    local millis, reason = arguments.check.limit(timeout)
    return millis or error(("bad argument #%d to '%s' (%s)"):format(position, name, reason), 3)
end

-- Hands the data, a table, to a wait for the event, now or later. Returns true, or nil and an error, whose `maybe_consumed` tells
-- whether the signal may have been delivered. A request that was written is never sent again.
--
-- timeout: in seconds; by default the request timeout of the settings
function Client:signal(name, data, timeout, options)
    argument("text", 1, "signal", name)
    local text = argument("data", 2, "signal", data == nil and {} or data)
    local millis = within(timeout, 3, "signal")
    check_open(self)
    local succeeds, failure = call_within(options, function(given)
        local out = library.text_out()
        local status = lib.anchor_signal_event_with(self.handle, name, text, millis, given, nil, out)
        local answer = library.take(out)
        if status ~= lib.ANCHOR_OK then
            return nil, errors.of(status, answer)
        end
        return true
    end)
    return succeeds, failure
end

-- Drops the signals of an event that nobody has waited for, and returns their number, or nil and an error.
function Client:drain(name, timeout, options)
    argument("text", 1, "drain", name)
    local millis = within(timeout, 2, "drain")
    check_open(self)
    local drained, failure = call_within(options, function(given)
        local out = ffi.new("uint32_t[1]")
        local status = lib.anchor_drain_event_with(self.handle, name, millis, given, nil, out)
        if status ~= lib.ANCHOR_OK then
            return nil, errors.last(status)
        end
        return out[0]
    end)
    return drained, failure
end

-- Replaces the key for what is sent from now on. Returns true, or nil and an error.
function Client:set_api_key(api_key)
    argument("text", 1, "set_api_key", api_key)
    check_open(self)
    local status = lib.anchor_client_set_api_key(self.handle, api_key)
    if status ~= lib.ANCHOR_OK then
        return nil, errors.last(status)
    end
    return true
end

-- Counts of what the client has done and does, as anchor_client_stats returns them.
function Client:stats()
    check_open(self)
    local out = library.text_out()
    local status = lib.anchor_client_stats(self.handle, out)
    if status ~= lib.ANCHOR_OK then
        return nil, errors.last(status)
    end
    return json.decode(library.take(out))
end

-- Ends the waits that run, as cancelled. Later calls raise an error.
function Client:close()
    self.is_closed = true
    lib.anchor_client_cancel_all(self.handle)
end

return new
