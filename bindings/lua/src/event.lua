-- An event that was signaled. Neither its text nor its members show the data, so that no log has it.

local json = require("anchor_events.json")

local answers = setmetatable({}, { __mode = "k" })
local members = {}

-- What was signaled.
function members.data(answer)
    answer.data = answer.data or json.decode(answer.raw).data or {}
    return answer.data
end

-- The service's answer, as it was.
function members.raw(answer)
    return answer.raw
end

local Event = {
    __index = function(event, name)
        return members[name] and members[name](answers[event])
    end,
    __tostring = function(event)
        return ("event: %q"):format(event.name)
    end,
}

return function(name, raw)
    local event = setmetatable({ name = name }, Event)
    answers[event] = { raw = raw }
    return event
end
