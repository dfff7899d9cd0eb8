-- Lua's values as the library takes them. What is wrong with one is an error, as those of Lua's own functions.

local json = require("anchor_events.json")
local lib = require("anchor_events.library").lib

local arguments = {}

local LONGEST = 2 ^ 53

local function expected(wanted, value)
    return ("%s expected, got %s"):format(wanted, value == nil and "no value" or type(value))
end

-- Each check returns what the library takes, or nil and the reason.
local check = {}
arguments.check = check

-- C would cut it off at U+0000.
function check.text(value)
    if type(value) ~= "string" then
        return nil, expected("string", value)
    end
    if value:find("%z") then
        return nil, "it contains U+0000"
    end
    return value
end

function check.flag(value)
    if type(value) ~= "boolean" then
        return nil, expected("boolean", value)
    end
    return value and 1 or 0
end

local function number(value)
    if type(value) ~= "number" then
        return nil, expected("number", value)
    end
    if value ~= value or value < 0 then
        return nil, "it must be 0 or more"
    end
    return value
end

-- Seconds as whole milliseconds, rounded up: a little time is not none.
function check.milliseconds(value)
    local seconds, reason = number(value)
    if not seconds then
        return nil, reason
    end
    if seconds * 1000 > LONGEST then
        return nil, "it is too long"
    end
    return math.ceil(tonumber(("%.3f"):format(seconds * 1000)))
end

-- The timeout of a wait.
function check.limit(value)
    return value == math.huge and lib.ANCHOR_NO_TIMEOUT or check.milliseconds(value)
end

function check.count(value)
    local count, reason = number(value)
    if count and (count ~= math.floor(count) or count > LONGEST) then
        return nil, "it must be an integer"
    end
    return count, reason
end

function check.data(value)
    if type(value) ~= "table" then
        return nil, expected("table", value)
    end
    return json.encode_object(value)
end

function check.table(value)
    if type(value) ~= "table" then
        return nil, expected("table", value)
    end
    return value
end

-- Checks the argument of a function that the program calls, which is what the error points at.
function arguments.argument(kind, position, name, value)
    local checked, reason = check[kind](value)
    if checked == nil then
        error(("bad argument #%d to '%s' (%s)"):format(position, name, reason), 3)
    end
    return checked
end

return arguments
