-- The LuaJIT module against a running event server. Each line that is printed is a case that holds.
local anchor = require "anchor"
local ffi = require "ffi"

ffi.cdef [[
struct pollfd { int fd; short events; short revents; };
int poll(struct pollfd *fds, unsigned long count, int timeout);
int fcntl(int fd, int command, ...);
]]

local client = assert(anchor.client())

-- Longer than a busy machine takes for anything here, in milliseconds.
local PATIENCE = 120000

local function is_readable(fd, timeout_ms)
    local POLLIN = 1
    return ffi.C.poll(ffi.new("struct pollfd[1]", { { fd, POLLIN, 0 } }), 1, timeout_ms) == 1
end

-- Resident memory in KiB and the number of open descriptors. A command that lists these would count its own pipe at times.
local function footprint()
    local F_GETFD, descriptors = 1, 0
    for fd = 0, 1023 do
        if ffi.C.fcntl(fd, F_GETFD) >= 0 then descriptors = descriptors + 1 end
    end
    local status = assert(io.open("/proc/self/status"))
    local memory = status:read("*a"):match("VmRSS:%s*(%d+)")
    status:close()
    return tonumber(memory), descriptors
end

local cases = {
    "signals_and_waits", function()
        local wait = assert(client:start("lua", PATIENCE))
        local json, status = wait:finish(0)
        assert(json == nil and status == "ANCHOR_PENDING", status)
        assert(client:signal("lua", '{"code":"123456 ✓"}'))
        assert(is_readable(wait:fd(), PATIENCE), "it does not end")
        assert(anchor.get(wait:finish(), "/data/code") == "123456 ✓")
    end,

    "times_out", function()
        -- On a busy machine the request may not be sent within a shorter time.
        local json, status, failure = client:wait("quiet", 2000)
        assert(json == nil and status == "ANCHOR_TIMEOUT", status)
        assert(anchor.get(failure, "/error/code") == "408", failure)
    end,

    -- The wait blocks on a thread of the library.
    "cancels_from_another_thread", function()
        local wait = assert(client:start("quiet", PATIENCE))
        assert(not is_readable(wait:fd(), 0))
        wait:cancel()
        local json, status = wait:finish()
        assert(json == nil and status == "ANCHOR_CANCELLED", status)
    end,

    "signals_have_a_timeout", function()
        assert(client:signal("lua", nil, 30000))
        assert(client:wait("lua", 30000))
        local json, status, failure = client:signal("lua", nil, 0)
        assert(json == nil and status == "ANCHOR_INVALID_ARGUMENT" and failure:find("timeout_ms", 1, true), failure)
    end,

    "names_what_is_wrong", function()
        local _, status, failure = client:wait("..")
        assert(status == "ANCHOR_INVALID_ARGUMENT" and failure:find("event_name", 1, true), failure)
    end,

    "leaks_nothing", function()
        local data = '{"filler":"' .. ("x"):rep(8192) .. '"}'
        local function calls(count)
            for _ = 1, count / 2 do
                assert(client:signal("many", data))
                assert(client:wait("many", PATIENCE))
            end
            collectgarbage()
        end
        calls(2000)
        local memory, descriptors = footprint()
        calls(10000)
        local memory_after, descriptors_after = footprint()
        print(("memory %d -> %d KiB, descriptors %d -> %d"):format(memory, memory_after, descriptors, descriptors_after))
        -- An answer that was not freed would make it 40,000 KiB. Idle connections may be closed, or another made, meanwhile.
        assert(memory_after - memory < 10000 and descriptors_after - descriptors < 100)
    end,
}

for index = 1, #cases, 2 do
    cases[index + 1]()
    print("ok " .. cases[index])
end
