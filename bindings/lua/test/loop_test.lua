-- A loop of tasks, in which a wait suspends its task alone.

local anchor = require("anchor_events")
local server = require("server")

local MANY = 500

describe("a loop", function()
    local client, loop

    before_each(function()
        client, loop = assert(anchor.client()), assert(anchor.loop())
    end)

    -- A task that waits, and its end.
    local function waiter(name, timeout)
        local ends = {}
        ends.task = loop:spawn(function()
            ends.event, ends.failure = client:wait(name, timeout)
        end)
        return ends
    end

    it("C16: gives a task the event that a wait of the client has left, unless it is cancelled", function()
        local event = { name = "left" }
        client.kept.left = { event }
        local failure
        local cancelled = loop:spawn(function()
            client:wait("other")
            failure = select(2, client:wait("left", 0))
        end)
        loop:step(0)
        cancelled:cancel()
        loop:run()
        assert.equal("ANCHOR_CANCELLED", failure.status)
        local ends = waiter("left", 0)
        loop:run()
        assert.equal(event, ends.event)
    end)

    it("C01 C03: gives each signal to one wait", function()
        local ends = {}
        for index = 1, 4 do
            ends[index] = waiter("shared")
        end
        loop:step(0)
        server.await_waiting("shared", 4)
        for number = 1, 4 do
            assert(client:signal("shared", { number = number }))
        end
        loop:run()
        local sum = 0
        for _, one in ipairs(ends) do
            sum = sum + 10 ^ one.event.data.number
        end
        assert.equal(11110, sum)
    end)

    it("C02 C04 C05 C06: has the ends of a wait", function()
        assert(client:signal("first"))
        local kept, late, never = waiter("first", math.huge), waiter("quiet", 0.2), waiter("quiet", 0)
        loop:run()
        assert.same({}, kept.event.data)
        assert.is_true(late.failure.timed_out and never.failure.timed_out)
        assert.is_true(late.task:has_ended())
    end)

    it("C13: cancels a task, and the service sees it leave", function()
        local ends = waiter("left", math.huge)
        loop:step(0)
        server.await_waiting("left", 1)
        ends.task:cancel()
        loop:run()
        assert.equal("ANCHOR_CANCELLED", ends.failure.status)
        server.await_waiting("left", 0)
    end)

    it("C14 C15: ends each call of a task that was cancelled before", function()
        local failures = {}
        local task = loop:spawn(function()
            for index, call in ipairs({ "wait", "signal", "drain" }) do
                local _, failure = client[call](client, "cancelled")
                failures[index] = failure.status
            end
        end)
        task:cancel()
        loop:run()
        assert.same({ "ANCHOR_CANCELLED", "ANCHOR_CANCELLED", "ANCHOR_CANCELLED" }, failures)
        assert.same({ 0, 0 }, { client:stats().waits, client:stats().signals })
    end)

    it("C16: returns an event that had arrived when its task was cancelled", function()
        local ends = waiter("arrived")
        loop:step(0)
        server.await_waiting("arrived", 1)
        assert(assert(anchor.client()):signal("arrived", { n = 7 }))
        server.await(function()
            return client:stats().answers == 1
        end)
        ends.task:cancel()
        loop:run()
        assert.same({ n = 7 }, ends.event.data)
    end)

    it("C19: ends the waits of a client that a task closes", function()
        local ends = waiter("closed", math.huge)
        loop:spawn(function()
            client:close()
        end)
        loop:run()
        assert.equal("ANCHOR_CANCELLED", ends.failure.status)
        server.await_waiting("closed", 0)
    end)

    it("C39 C40: has many waits on one descriptor, while other tasks go on", function()
        local sum, is_idle, turns = 0, true, 0
        for job = 1, MANY do
            loop:spawn(function()
                local event = assert(client:wait("job_" .. job, 120))
                sum = sum + event.data.job
            end)
        end
        loop:spawn(function()
            while is_idle do
                turns = turns + 1
                coroutine.yield()
            end
        end)
        server.await(function()
            loop:step(0)
            return server.waiting() == MANY
        end)
        assert.is_true(turns > 1)
        assert.is_false(server.is_readable(loop:fd(), 0))
        local threads = tonumber(server.text_of("/proc/self/status"):match("Threads:%s*(%d+)"))
        assert.is_true(threads <= 4, threads .. " threads")
        for job = 1, MANY do
            assert(client:signal("job_" .. job, { job = job }))
        end
        assert.is_true(server.is_readable(loop:fd(), server.PATIENCE * 1000))
        is_idle = false
        loop:run()
        assert.equal(MANY * (MANY + 1) / 2, sum)
    end)

    it("C11 C41: has tasks that share a client, and take events in a loop", function()
        local taken = {}
        loop:spawn(function()
            for event in client:events("stream") do
                table.insert(taken, event.data.number)
                if #taken == 3 then
                    break
                end
            end
        end)
        loop:spawn(function(first)
            for number = first, first + 2 do
                assert(client:signal("stream", { number = number }))
                coroutine.yield()
            end
        end, 7)
        loop:run()
        assert.same({ 7, 8, 9 }, taken)
    end)

    it("C42: survives the collector", function()
        local data
        loop:spawn(function()
            data = assert(assert(anchor.client()):wait("collected")).data
        end)
        loop:step(0)
        server.await_waiting("collected", 1)
        for _ = 1, 5 do
            collectgarbage()
        end
        assert(client:signal("collected", { still = "there" }))
        loop:run()
        assert.same({ still = "there" }, data)
        loop = nil
        collectgarbage()
    end)

    it("raises what a task raises, and can be run again", function()
        local ends = waiter("again", 0)
        loop:spawn(function()
            error("of the task")
        end)
        server.assert_raises("of the task.*traceback", function()
            loop:run()
        end)
        loop:run()
        assert.is_true(ends.failure.timed_out)
    end)

    it("C26 C27: refuses what is wrong", function()
        server.assert_raises("bad argument #1 to 'spawn'", loop.spawn, loop, "f")
        server.assert_raises("bad argument #1 to 'step'", loop.step, loop, -1)
        local ends = waiter("..")
        loop:run()
        assert.matches("event_name", tostring(ends.failure))
    end)
end)
