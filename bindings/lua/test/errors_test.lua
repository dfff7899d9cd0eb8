-- Errors, settings, and the ways to the service.

local anchor = require("anchor_events")
local server = require("server")
local settings = require("anchor_events.settings")

local function failure_of(value, failure)
    assert.is_nil(value)
    return failure
end

describe("an error", function()
    local client = assert(anchor.client())

    it("C20 C21: has the status of the service", function()
        local statuses = {
            [400] = "BAD_REQUEST",
            [401] = "UNAUTHORIZED",
            [403] = "FORBIDDEN",
            [404] = "NOT_FOUND",
            [409] = "HTTP_ERROR",
            [413] = "BAD_REQUEST",
            [422] = "BAD_REQUEST",
            [429] = "RATE_LIMITED",
            [500] = "SERVER_ERROR",
            [502] = "SERVER_ERROR",
            [503] = "SERVER_ERROR",
            [504] = "SERVER_ERROR",
        }
        for code, status in pairs(statuses) do
            for _, call in ipairs({ "wait", "signal" }) do
                local given = call == "wait" and { 10, { retries = 0 } } or { {}, 10, { retries = 0 } }
                local failure = failure_of(client[call](client, "status_" .. code, unpack(given)))
                assert.same({ "ANCHOR_" .. status, code, "receive" }, { failure.status, failure.code, failure.phase })
                assert.is_false(failure.timed_out)
            end
        end
    end)

    it("C21: tells that an answer was not read", function()
        local failure = failure_of(client:signal("drop", { secret = "of the event" }))
        assert.equal("ANCHOR_CONNECTION_LOST", failure.status)
        assert.is_true(failure.maybe_consumed)
    end)

    it("C22: names the variable of a missing key", function()
        local file = os.tmpname()
        os.execute("ANCHORBROWSER_API_KEY= luajit -e 'assert(require(\"anchor_events\").client())' >" .. file .. " 2>&1")
        assert.matches("ANCHORBROWSER_API_KEY", server.text_of(file))
        os.remove(file)
    end)

    it("C23 C25: shows neither the key nor the data", function()
        local other = assert(anchor.client({ api_key = "a-wrong-key-of-this-test" }))
        local failure = failure_of(other:signal("x", { secret = "data-of-this-test" }))
        assert.equal("ANCHOR_UNAUTHORIZED", failure.status)
        local shown = tostring(failure) .. tostring(other)
        for _, shown_table in ipairs({ failure, failure.details, other }) do
            for name, value in pairs(shown_table) do
                shown = shown .. tostring(name) .. tostring(value)
            end
        end
        assert.not_matches("wrong%-key", shown)
        assert.not_matches("data%-of%-this", shown)
    end)

    it("C25: does not come with an event's data", function()
        assert(client:signal("shown", { secret = "data-of-this-test" }))
        local event = assert(client:wait("shown", 0))
        assert.equal('event: "shown"', tostring(event))
        for name, value in pairs(event) do
            assert.same({ "name", "shown" }, { name, value })
        end
        assert.equal("data-of-this-test", event.data.secret)
    end)

    it("C24: ends a wait at its timeout in an outage", function()
        local nowhere = assert(anchor.client({ base_url = os.getenv("ANCHOR_TEST_NOWHERE") }))
        local began = server.now()
        local failure = failure_of(nowhere:wait("x", 0.5))
        assert.is_true(server.now() - began >= 0.5)
        assert.equal("ANCHOR_NOT_SENT", failure.status)
        assert.is_true(failure.timed_out)
        assert.is_false(failure.maybe_consumed)
    end)
end)

describe("settings", function()
    local client = assert(anchor.client())

    it("C33: TLS", function()
        local url, ca_file = os.getenv("ANCHOR_TEST_TLS_URL"), os.getenv("ANCHOR_TEST_TLS_CA")
        for _, given in ipairs({ { ca_file = ca_file }, { ca_pem = server.text_of(ca_file) } }) do
            given.base_url = url
            local trusted = assert(anchor.client(given))
            assert(trusted:signal("tls", { over = "tls" }))
            assert.same({ over = "tls" }, assert(trusted:wait("tls", 0)).data)
        end
        local failure = failure_of(assert(anchor.client({ base_url = url, trust = "bundled" })):wait("tls"))
        assert.same({ "ANCHOR_TLS", "tls" }, { failure.status, failure.phase })
    end)

    it("C34: a proxy", function()
        local log = os.getenv("ANCHOR_TEST_PROXY_LOG")
        local before = #server.text_of(log)
        local through = assert(anchor.client({
            base_url = os.getenv("ANCHOR_TEST_TLS_URL"),
            ca_file = os.getenv("ANCHOR_TEST_TLS_CA"),
            proxy = os.getenv("ANCHOR_TEST_PROXY"),
        }))
        assert(through:signal("proxy"))
        assert(through:wait("proxy", 0))
        assert.is_true(#server.text_of(log) > before)
    end)

    it("C35 C36: keys are accounts, and a key that was replaced is not sent", function()
        assert(client:signal("account", { of = "the first" }))
        local other = assert(anchor.client({ api_key = os.getenv("ANCHOR_TEST_KEY_2") }))
        assert.equal("ANCHOR_TIMEOUT", failure_of(other:wait("account", 0)).status)
        assert(other:set_api_key(os.getenv("ANCHORBROWSER_API_KEY")))
        assert.same({ of = "the first" }, assert(other:wait("account", 0)).data)
        assert.matches("api_key", tostring(failure_of(other:set_api_key(""))))
    end)

    it("C37: statistics", function()
        local counted = assert(anchor.client())
        assert(counted:signal("counted"))
        assert(counted:wait("counted", 0))
        assert.same({ 1, 1 }, { counted:stats().signals, counted:stats().waits })
    end)

    it("C26: refuses a setting of another type", function()
        local wrong = {
            api_key = 1,
            allow_http = 1,
            headers = "a: b",
            connect_to = "host:1",
            ca_file = {},
            trust = "none",
            retries = "3",
            client_certificate = { "only one" },
        }
        for name, value in pairs(wrong) do
            server.assert_raises("bad setting '" .. name .. "'", anchor.client, { [name] = value })
        end
        server.assert_raises("'unknown' is not a setting", anchor.client, { unknown = 1 })
        server.assert_raises("bad argument #1 to 'client'", anchor.client, "settings")
        server.assert_raises("errors_test.lua:%d+:", function()
            anchor.client({ retries = "3" })
        end)
    end)

    it("C27: refuses a setting out of range", function()
        local wrong = { api_key = "", base_url = "ftp://x", slice = 0, max_response_bytes = 0, proxy = "socks4://x" }
        for name, value in pairs(wrong) do
            assert.matches(name, tostring(failure_of(anchor.client({ [name] = value }))))
        end
        for _, retries in ipairs({ -1, 0.5, 2 ^ 33 }) do
            server.assert_raises("bad setting 'retries'", anchor.client, { retries = retries })
        end
        assert(anchor.client({ retries = math.huge, allow_http = true, connect_to = { "a:1", "b:2" }, rearm = false }))
    end)

    it("C31: every one of anchor.h is there", function()
        local declared = server.text_of(os.getenv("ANCHOR_CDEF"))
        -- Each call is interrupted. Lines of the log come on threads, which Lua does not have.
        local absent = { set_interruptible = true, set_log_callback = true, set_log_json = true }
        for handle, known in pairs({ config = settings.SETTERS, options = settings.OPTIONS }) do
            local names, expected = {}, {}
            for _, setter in pairs(known) do
                names[setter[1]] = true
            end
            for prefix, name in declared:gmatch("anchor_" .. handle .. "_([sa][ed][td])(_[%w_]+)%(") do
                expected[prefix .. name] = not absent[prefix .. name] or nil
            end
            assert.same(expected, names)
        end
    end)

    it("C38: refuses a library of another version", function()
        local library = require("anchor_events.library")
        assert.equal(library.VERSION, library.ffi.string(library.lib.anchor_version()))
        local path = package.searchpath("anchor_events.library", package.path)
        local changed = server.text_of(path):gsub('VERSION = "[%d.]+"', 'VERSION = "9.9.9"')
        local program, printed = os.tmpname(), os.tmpname()
        local file = assert(io.open(program, "w"))
        file:write(changed)
        file:close()
        os.execute(("luajit %s >%s 2>&1"):format(program, printed))
        assert.matches("anchor_events 9.9.9 needs libanchor 9.9.9, and found", server.text_of(printed))
        os.remove(program)
        os.remove(printed)
    end)
end)
