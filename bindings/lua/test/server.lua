-- The local server, as servers.py started it, what a test waits for, and programs beside the test.

local ffi = require("ffi")

ffi.cdef([[
int anchor_test_fork(void) __asm__("fork");
int anchor_test_execvp(const char *file, char *const *arguments) __asm__("execvp");
int anchor_test_kill(int process, int signal) __asm__("kill");
int anchor_test_waitpid(int process, int *status, int options) __asm__("waitpid");
void anchor_test_exit(int code) __asm__("_exit");
int anchor_test_poll(struct anchor_test_pollfd { int fd; short events, revents; } *, unsigned long, int) __asm__("poll");
int anchor_test_usleep(unsigned int microseconds) __asm__("usleep");
]])

local server = { PATIENCE = 60, SIGINT = 2, SIGUSR1 = 10 }

local function output(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read("*a")
    pipe:close()
    return text
end

-- How many waits the server holds, for one event or for all.
function server.waiting(event)
    local state = output('curl -sf -H "anchor-admin-token: $ANCHOR_TEST_ADMIN_TOKEN" "$ANCHORBROWSER_BASE_URL/admin/state"')
    state = require("anchor_events.json").decode(state)
    if event == nil then
        return state.waitingCount
    end
    local count = 0
    for _, wait in ipairs(state.waiting) do
        count = count + (wait.event == event and 1 or 0)
    end
    return count
end

-- Returns when it holds.
function server.await(condition)
    local deadline = os.time() + server.PATIENCE
    while not condition() do
        assert(os.time() < deadline, "it does not come")
        ffi.C.anchor_test_usleep(10000)
    end
end

function server.await_waiting(event, count)
    server.await(function()
        return server.waiting(event) == count
    end)
end

-- The call raises an error whose text matches.
function server.assert_raises(pattern, call, ...)
    local succeeds, raised = pcall(call, ...)
    assert(
        not succeeds and tostring(raised):match(pattern),
        ("%s, and not %s"):format(succeeds and "no error" or raised, pattern)
    )
end

function server.text_of(path)
    local file = assert(io.open(path))
    local text = file:read("*a")
    file:close()
    return text
end

-- Wall-clock time in seconds.
function server.now()
    return tonumber(output("date +%s.%N"))
end

function server.is_readable(fd, millis)
    return ffi.C.anchor_test_poll(ffi.new("struct anchor_test_pollfd[1]", { { fd, 1, 0 } }), 1, millis) == 1
end

-- Runs a function in a child of fork, which exits with what it returns, or with 99 if it raises.
function server.fork(body)
    local process = ffi.C.anchor_test_fork()
    if process == 0 then
        local succeeds, code = pcall(body)
        ffi.C.anchor_test_exit(succeeds and code or 99)
    end
    return process
end

-- Waits for the end of a process. Returns its exit code, or nil and the signal that ended it.
function server.join(process)
    local status = ffi.new("int[1]")
    assert(ffi.C.anchor_test_waitpid(process, status, 0) == process)
    local signal = status[0] % 128
    if signal ~= 0 then
        return nil, signal
    end
    return math.floor(status[0] / 256)
end

function server.kill(process, signal)
    assert(ffi.C.anchor_test_kill(process, signal) == 0)
end

-- Starts a program in Lua, whose output goes to a file.
function server.start(program, file)
    local line = { "sh", "-c", 'exec luajit -e "$0" >"$1" 2>&1', program, file or "/dev/null" }
    return server.fork(function()
        return ffi.C.anchor_test_execvp("sh", ffi.cast("char *const *", ffi.new("const char *[6]", line)))
    end)
end

-- Signals an event from another process, when its wait is blocked.
function server.signal_later(event, data)
    return server.start(([[
        local server = require("server")
        server.await_waiting(%q, 1)
        assert(assert(require("anchor_events").client()):signal(%q, %s))
    ]]):format(event, event, data or "{}"))
end

return server
