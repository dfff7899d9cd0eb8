-- A loop of tasks: coroutines in which a wait suspends the task and not the program. All waits of a loop share one descriptor.

local arguments = require("anchor_events.arguments")
local errors = require("anchor_events.errors")
local library = require("anchor_events.library")
local new_event = require("anchor_events.event")

-- Compiled code does not see that it is interrupted.
jit.off(true, true)

local ffi, lib = library.ffi, library.lib

-- A signal that comes just before the loop blocks does not end it: it is seen after this time.
local LOOK_AGAIN_MS = 100

local Loop, Task = {}, {}
Loop.__index, Task.__index = Loop, Task

local tasks = setmetatable({}, { __mode = "k" })

local loop = {}

-- The task that runs, or nil outside of tasks.
function loop.current()
    local thread = coroutine.running()
    return thread and tasks[thread]
end

-- What a wait ended with: the event, or nil and an error.
function loop.outcome(name, completion)
    local status, text = lib.anchor_completion_status(completion), library.text_of(lib.anchor_completion_json(completion))
    if status == lib.ANCHOR_OK then
        return new_event(name, text)
    end
    return nil, errors.of(status, text)
end

function loop.new()
    local out = ffi.new("anchor_queue *[1]")
    local status = lib.anchor_queue_new(out)
    if status ~= lib.ANCHOR_OK then
        return nil, errors.last(status)
    end
    local done = ffi.gc(ffi.new("anchor_completion *[1]"), function(place)
        lib.anchor_completion_free(place[0])
    end)
    local queue = ffi.gc(out[0], lib.anchor_queue_free)
    return setmetatable({ queue = queue, done = done, ready = {}, waiting = {}, tags = 0 }, Loop)
end

-- Adds a task, which calls the function with the arguments when the loop runs.
function Loop:spawn(body, ...)
    if type(body) ~= "function" then
        error(("bad argument #1 to 'spawn' (function expected, got %s)"):format(type(body)), 2)
    end
    local given, count = { ... }, select("#", ...)
    local thread = coroutine.create(function()
        body(unpack(given, 1, count))
    end)
    local task = setmetatable({ loop = self, thread = thread, is_cancelled = false }, Task)
    tasks[thread] = task
    table.insert(self.ready, task)
    return task
end

-- The descriptor of the loop, for the poll of another loop: call step(0) when it is readable.
function Loop:fd()
    return lib.anchor_queue_fd(self.queue)
end

-- Whether tasks are left.
function Loop:is_running()
    return self.ready[1] ~= nil or next(self.waiting) ~= nil
end

-- Runs until every task has ended. What a task raises is raised here, and the loop can be run again.
function Loop:run()
    while self:is_running() do
        self:step(math.huge)
    end
end

-- Runs the tasks that can go on; if there is none, it waits for an event up to a time in seconds, and runs its task.
function Loop:step(timeout)
    local millis = arguments.argument("limit", 1, "step", timeout == nil and 0 or timeout)
    if not self.ready[1] and next(self.waiting) then
        self:block(millis)
    end
    while self:take(0) do
        self:finish()
    end
    for _ = 1, #self.ready do
        self:resume(table.remove(self.ready, 1))
    end
end

-- Returns when a wait has ended, or the time is over.
function Loop:block(millis)
    local left = millis
    repeat
        local slice = left == lib.ANCHOR_NO_TIMEOUT and LOOK_AGAIN_MS or math.min(left, LOOK_AGAIN_MS)
        left = left == lib.ANCHOR_NO_TIMEOUT and left or left - slice
    until self:take(slice) or left == 0
end

-- Whether a wait has ended. An interrupted loop has its completion still.
function Loop:take(millis)
    return self.done[0] ~= nil or lib.anchor_queue_next(self.queue, millis, nil, self.done) == lib.ANCHOR_OK
end

-- Makes the task ready whose wait has ended. An interrupted loop does it again.
function Loop:finish()
    local tag = tonumber(lib.anchor_completion_tag(self.done[0]))
    local task = self.waiting[tag]
    if task then
        task.event, task.failure = loop.outcome(task.name, self.done[0])
        if self.ready[#self.ready] ~= task then
            table.insert(self.ready, task)
        end
        self.waiting[tag], task.handle = nil, nil
    end
    local done = self.done[0]
    self.done[0] = nil
    lib.anchor_completion_free(done)
end

function Loop:resume(task)
    local succeeds, failure = coroutine.resume(task.thread)
    if not succeeds then
        error(type(failure) == "string" and debug.traceback(task.thread, failure) or failure, 0)
    elseif coroutine.status(task.thread) == "suspended" and not task.handle then
        -- It lets the others run.
        table.insert(self.ready, task)
    end
end

-- Suspends the task until its wait has ended.
function Task:wait(client, name, millis, options)
    if self.is_cancelled then
        return nil, errors.cancelled()
    end
    local owner, out = self.loop, ffi.new("anchor_wait *[1]")
    owner.tags = owner.tags + 1
    self.name, owner.waiting[owner.tags] = name, self
    local status = lib.anchor_wait_start_on(client.handle, owner.queue, name, millis, owner.tags, options, out)
    if status ~= lib.ANCHOR_OK then
        owner.waiting[owner.tags] = nil
        return nil, errors.last(status)
    end
    self.handle = ffi.gc(out[0], lib.anchor_wait_free)
    coroutine.yield()
    local event, failure = self.event, self.failure
    self.event, self.failure = nil, nil
    return event, failure
end

-- Ends the wait of the task, and each later one, as cancelled. An event that had arrived is still returned.
function Task:cancel()
    self.is_cancelled = true
    lib.anchor_wait_cancel(self.handle)
end

-- Whether the function has returned, or raised an error.
function Task:has_ended()
    return coroutine.status(self.thread) == "dead"
end

return loop
