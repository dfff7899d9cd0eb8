-- Calls that block the program, their ends, and their arguments.

local anchor = require("anchor_events")
local server = require("server")

describe("a client", function()
    local client = assert(anchor.client())

    it("C01: returns the data of an event that is signaled while it waits", function()
        local other = server.signal_later("blocked", '{ code = "123456" }')
        local event = assert(client:wait("blocked"))
        assert.same({ code = "123456" }, event.data)
        assert.equal("blocked", event.name)
        assert.equal(0, server.join(other))
    end)

    it("C02 C10: keeps a signal that comes first, which has an empty object without data", function()
        assert(client:signal("first"))
        assert.same({}, assert(client:wait("first", 0)).data)
    end)

    it("C04 C05 C21: ends a wait at its timeout", function()
        for _, timeout in ipairs({ 0, 0.2 }) do
            local began = server.now()
            local event, failure = client:wait("quiet", timeout)
            assert.is_nil(event)
            assert.is_true(server.now() - began >= timeout)
            assert.equal("ANCHOR_TIMEOUT", failure.status)
            assert.equal(408, failure.code)
            assert.equal("receive", failure.phase)
            assert.is_true(failure.timed_out)
            assert.is_false(failure.maybe_consumed)
        end
    end)

    it("C06: waits without limit", function()
        local other = server.signal_later("no limit")
        assert.same({}, assert(client:wait("no limit", math.huge)).data)
        assert.equal(0, server.join(other))
    end)

    it("C07 C08: brings data as they were sent", function()
        local data = {
            null = anchor.null,
            booleans = { true, false },
            numbers = { 0, -1, 2 ^ 53, 1e30, 0.1, 1 / 3, 1e300, -1.5e-7 },
            text = '\0 \1 ✓ é 🔑 \\ " \n',
            empty = { array = anchor.array(), object = {} },
            nested = { [""] = { anchor.array(), {}, { { a = { anchor.null } } } } },
        }
        assert(client:signal("kinds", data))
        local event = assert(client:wait("kinds", 0))
        assert.same(data, event.data)
        assert.equal(getmetatable(anchor.array()), getmetatable(event.data.empty.array))
        assert.is_nil(getmetatable(event.data.empty.object))
        assert.equal('{"data":', event.raw:sub(1, 8))
        -- Sent on, they are the same again.
        assert(client:signal("kinds", event.data))
        assert.same(data, assert(client:wait("kinds", 0)).data)
    end)

    it("C07: reads what others escape", function()
        local json = require("anchor_events.json")
        local text = [[ {"a" : "\u0000\u00e9\u2713\ud83d\udd11\/\b\f\n\r\t" , "b" : [ ] , "c" : [1 , -2.5e3, null ], "d":{ }} ]]
        local expected = { a = "\0é✓🔑/\b\f\n\r\t", b = {}, c = { 1, -2500, json.null }, d = {} }
        assert.same(expected, json.decode(text))
    end)

    it("C09: takes any text as a name", function()
        for _, name in ipairs({ "a b/c", "100%", "%2F", "événement ✓ 🔑", "...", "a?b#c" }) do
            assert(client:signal(name, { name = name }))
            assert.same({ name = name }, assert(client:wait(name, 0)).data)
        end
    end)

    it("C11: takes events in a loop", function()
        for number = 1, 3 do
            assert(client:signal("loop", { number = number }))
        end
        local taken = {}
        for event in client:events("loop") do
            table.insert(taken, event.data.number)
            if #taken == 2 then
                break
            end
        end
        assert.same({ 1, 2 }, taken)
        assert.equal(3, assert(client:wait("loop", 0)).data.number)
        assert.has_error(function()
            client:events("status_400")()
        end)
    end)

    it("C12: drains", function()
        for _ = 1, 3 do
            assert(client:signal("drained"))
        end
        assert.equal(3, client:drain("drained"))
        assert.equal(0, client:drain("drained", 0))
    end)

    -- As Ctrl-C does, at each instruction of the wait in turn. The hook is not in compiled code.
    it("C13 C16 C17: loses no event, wherever the wait is interrupted", function()
        jit.off()
        local instructions, interrupted, is_complete = 0, 0
        local function interrupt()
            debug.sethook()
            if debug.getinfo(2, "S").source:find("anchor_events", 1, true) then
                interrupted = interrupted + 1
                error("interrupted!", 0)
            end
        end
        repeat
            instructions = instructions + 1
            assert(client:signal("interrupted", { instructions = instructions }))
            local event
            is_complete = pcall(function()
                debug.sethook(interrupt, "", instructions)
                event = client:wait("interrupted", server.PATIENCE)
                debug.sethook()
            end)
            event = event or assert(client:wait("interrupted", 0))
            assert.same({ instructions = instructions }, event.data)
            assert.equal(0, client:drain("interrupted"))
        until is_complete and interrupted > 0
        jit.on()
        assert.is_true(interrupted > 100, tostring(interrupted))
    end)

    it("C19: refuses calls after its close", function()
        local closed = assert(anchor.client())
        closed:close()
        closed:close()
        for _, call in ipairs({ "wait", "signal", "drain", "set_api_key" }) do
            server.assert_raises("client_test.lua:%d+: the client is closed", function()
                closed[call](closed, "x")
            end)
        end
        assert.has_error(function()
            closed:stats()
        end)
    end)

    it("C26: refuses a name of another type", function()
        for _, wrong in ipairs({ 1, true, {} }) do
            for _, call in ipairs({ "wait", "signal", "drain", "events" }) do
                local message = ("bad argument #1 to '%s' %%(string expected, got %s%%)"):format(call, type(wrong))
                server.assert_raises("client_test.lua:%d+: " .. message, function()
                    client[call](client, wrong)
                end)
            end
        end
        server.assert_raises("got no value", client.wait, client)
        server.assert_raises("bad options", client.wait, client, "x", 0, "retries")
    end)

    it("C27: refuses a name that is none", function()
        for _, wrong in ipairs({ "", ".", "..", ("x"):rep(4097), "\255" }) do
            for _, call in ipairs({ "wait", "signal", "drain" }) do
                local value, failure = client[call](client, wrong)
                assert.is_nil(value)
                assert.equal("ANCHOR_INVALID_ARGUMENT", failure.status)
                assert.matches("event_name", tostring(failure))
            end
        end
    end)

    it("C28: refuses U+0000", function()
        for _, call in ipairs({ "wait", "signal", "drain" }) do
            server.assert_raises("U%+0000", client[call], client, "cut\0off")
        end
        server.assert_raises("proxy.*U%+0000", anchor.client, { proxy = "http://127.0.0.1\0.example" })
    end)

    it("C29: refuses a time that is none", function()
        for _, wrong in ipairs({ -1, -0.001, -math.huge, 0 / 0, 1e300, "1", true, {} }) do
            server.assert_raises("bad argument #2 to 'wait'", client.wait, client, "x", wrong)
            server.assert_raises("bad argument #3 to 'signal'", client.signal, client, "x", {}, wrong)
            server.assert_raises("bad argument #2 to 'drain'", client.drain, client, "x", wrong)
            server.assert_raises("bad setting 'grace'", anchor.client, { grace = wrong })
        end
    end)

    it("C30: refuses data that JSON cannot express", function()
        local cycle = {}
        cycle.cycle = cycle
        local wrong =
            { 1, "text", true, { 1, 2 }, { x = print }, { x = math.huge }, { x = 0 / 0 }, { x = { 1, a = 2 } }, cycle }
        for _, data in ipairs(wrong) do
            server.assert_raises("bad argument #2 to 'signal'", client.signal, client, "never", data)
        end
        local _, failure = client:signal("never", { x = "\255" })
        assert.equal("ANCHOR_INVALID_ARGUMENT", failure.status)
        assert.equal(0, client:drain("never"))
    end)

    it("C32: takes options of one call", function()
        local _, failure = client:wait("status_400", 1, { request_id = "trace-1", headers = { ["x-one"] = "1" } })
        assert.equal("trace-1", failure.details.requestId)
        _, failure = client:wait("status_503", 30, { retries = 0 })
        assert.equal(1, failure.details.attempts)
        _, failure = client:wait("x", 0, { headers = { ["content-length"] = "1" } })
        assert.matches("header", tostring(failure))
        server.assert_raises("'unknown' is not a setting", client.wait, client, "x", 0, { unknown = 1 })
    end)
end)
