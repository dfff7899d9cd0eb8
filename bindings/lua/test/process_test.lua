-- What concerns the whole process: Ctrl-C, signal handlers, exit, fork, memory.

local anchor = require("anchor_events")
local ffi = require("ffi")
local server = require("server")

ffi.cdef([[
void (*anchor_test_signal(int number, void (*handler)(int)))(int) __asm__("signal");
int anchor_test_fcntl(int fd, int command, ...) __asm__("fcntl");
]])

local PROGRAM = 'local anchor = require("anchor_events"); local client = assert(anchor.client()); '

local function sleeps(process)
    return server.text_of(("/proc/%d/stat"):format(process)):match("%) (%a)") == "S"
end

-- The request of a signal was sent: the service does not tell, as it does for a wait.
local function has_connection(process)
    local descriptors = assert(io.popen(("ls -l /proc/%d/fd"):format(process)))
    local is_there = descriptors:read("*a"):find("socket:", 1, true) ~= nil
    descriptors:close()
    return is_there
end

describe("Ctrl-C", function()
    local calls = {
        wait = "client:wait('ctrl_c', math.huge)",
        events = "for _ in client:events('ctrl_c') do end",
        ["a loop"] = "local loop = anchor.loop(); loop:spawn(client.wait, client, 'ctrl_c', math.huge); loop:run()",
        ["a hot loop"] = "while true do client:wait('ctrl_c', 0.01) end",
    }
    for call, text in pairs(calls) do
        it("C17: ends " .. call, function()
            local file = os.tmpname()
            local program = server.start(PROGRAM .. text, file)
            server.await_waiting("ctrl_c", 1)
            server.await(function()
                return sleeps(program)
            end)
            server.kill(program, server.SIGINT)
            assert.equal(1, server.join(program))
            assert.matches("interrupted!", server.text_of(file))
            os.remove(file)
            server.await_waiting("ctrl_c", 0)
        end)
    end

    it("C15 C17: ends a signal", function()
        local file = os.tmpname()
        local program = server.start(PROGRAM .. "print('begins'); io.stdout:flush(); client:signal('hang', {}, 3600)", file)
        server.await(function()
            return server.text_of(file):match("begins") and has_connection(program) and sleeps(program)
        end)
        server.kill(program, server.SIGINT)
        local code, signal = server.join(program)
        assert.same({ 1, nil }, { code, signal })
        assert.matches("interrupted!", server.text_of(file))
        os.remove(file)
    end)
end)

describe("a signal handler", function()
    it("C18: that returns does not end a wait", function()
        local handled = 0
        local handler = ffi.cast("void (*)(int)", function()
            handled = handled + 1
        end)
        local before = ffi.C.anchor_test_signal(server.SIGUSR1, handler)
        -- A callback may only run while the interpreter is in a call of C that was not compiled.
        jit.off()
        local client = assert(anchor.client())
        local me = tonumber(server.text_of("/proc/self/stat"):match("^%d+"))
        local other = server.fork(function()
            server.await_waiting("handled", 1)
            for _ = 1, 3 do
                server.kill(me, server.SIGUSR1)
                ffi.C.anchor_test_usleep(20000)
            end
            assert(assert(anchor.client()):signal("handled", { n = 3 }))
            return 0
        end)
        local event = assert(client:wait("handled", server.PATIENCE))
        jit.on()
        ffi.C.anchor_test_signal(server.SIGUSR1, before)
        assert.same({ n = 3 }, event.data)
        assert.is_true(handled >= 1)
        assert.equal(1, client:stats().waits)
        assert.equal(0, server.join(other))
    end)
end)

describe("a process", function()
    it("C43: exits with waits open", function()
        local open = "local loop = anchor.loop(); loop:spawn(client.wait, client, 'open', math.huge); loop:step(0); "
        local wait = "require('server').await_waiting('open', 1); "
        for code, ending in pairs({ [0] = "", [7] = "os.exit(7)", [1] = "error('ends')" }) do
            assert.equal(code, server.join(server.start(PROGRAM .. open .. wait .. ending)))
            server.await_waiting("open", 0)
        end
    end)

    it("C44: uses a client of its parent after fork", function()
        local client = assert(anchor.client())
        assert(client:signal("child", { to = "the child" }))
        client:drain("nothing")
        local child = server.fork(function()
            return client:wait("child", server.PATIENCE).data.to == "the child" and 0 or 1
        end)
        assert.equal(0, server.join(child))
        assert(client:signal("child"))
        assert(client:wait("child", 0))
    end)

    it("C44: leaves an event that was kept to the parent of a fork", function()
        local client, event = assert(anchor.client()), { name = "kept" }
        client.kept.kept = { event }
        local child = server.fork(function()
            local _, failure = client:wait("kept", 0)
            return failure and failure.timed_out and 0 or 1
        end)
        assert.equal(0, server.join(child))
        assert.equal(event, (client:wait("kept", 0)))
    end)

    it("C45: keeps neither memory nor descriptors of thousands of calls", function()
        local client, loop, filler = assert(anchor.client()), assert(anchor.loop()), ("x"):rep(8192)
        local function calls(count)
            for _ = 1, count do
                assert(client:signal("many", { filler = filler }))
                assert(client:wait("many", 0))
                assert(client:signal("many", { filler = filler }))
                loop:spawn(client.wait, client, "many", 0)
                loop:run()
            end
            collectgarbage()
            collectgarbage()
            local descriptors = 0
            for fd = 0, 1023 do
                descriptors = descriptors + (ffi.C.anchor_test_fcntl(fd, 1) >= 0 and 1 or 0)
            end
            return tonumber(server.text_of("/proc/self/status"):match("VmRSS:%s*(%d+)")), descriptors
        end
        calls(500)
        local memory, descriptors = calls(200)
        local memory_after, descriptors_after = calls(1000)
        -- Answers that were not freed would be 16,000 KiB.
        assert.is_true(memory_after - memory < 6000, memory .. " " .. memory_after)
        assert.equal(descriptors, descriptors_after)
    end)
end)
