-- What a call returns after nil when it fails: a table with the status, and a sentence as its text.

local json = require("anchor_events.json")
local library = require("anchor_events.library")

local Error = {}
Error.__index = Error

function Error:__tostring()
    return self.message
end

local errors = {}

-- An error with
--   status          such as "ANCHOR_UNAUTHORIZED"
--   code            the HTTP status, if there was one
--   phase           how far the last request got: dns, connect, tls, send, wait or receive
--   maybe_consumed  whether a request was sent and its answer never read
--   timed_out       whether the call ended because its time was over
--   details         all that the library reports
function errors.new(status, details)
    local name = library.text_of(library.lib.anchor_status_name(status))
    return setmetatable({
        status = name,
        message = details.message or library.text_of(library.lib.anchor_status_message(status)),
        code = details.code,
        phase = details.phase,
        maybe_consumed = details.maybeConsumed or false,
        timed_out = details.timedOut or name == "ANCHOR_TIMEOUT",
        details = details,
    }, Error)
end

-- The same, with the error as JSON that the library gave.
function errors.of(status, text)
    return errors.new(status, text ~= "" and json.decode(text).error or {})
end

-- The same, after a call that gave no JSON.
function errors.last(status)
    return errors.new(status, { message = library.last_error() })
end

function errors.cancelled()
    return errors.new(library.lib.ANCHOR_CANCELLED, { message = "the task was cancelled" })
end

return errors
