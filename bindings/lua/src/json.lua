-- JSON without loss: every number keeps its digits, null and the empty array have a value of their own, and what JSON cannot
-- express is refused.

local json = {}

-- JSON's null. nil would remove the member.
json.null = setmetatable({}, {
    __tostring = function()
        return "null"
    end,
})

local Array = {}

-- Marks a table as an array, so that it is one in JSON when it is empty too.
function json.array(values)
    return setmetatable(values or {}, Array)
end

local MOST_DEPTH = 100
local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local UNESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function string_of(value)
    local escaped = value:gsub('[%z\1-\31"\\]', function(character)
        return ESCAPES[character] or ("\\u%04x"):format(character:byte())
    end)
    return '"' .. escaped .. '"'
end

-- The shortest text that is read as the same number.
local function number_of(value)
    if value ~= value or value == math.huge or value == -math.huge then
        error(("JSON has no %s"):format(value), 0)
    end
    for digits = 14, 17 do
        local text = ("%." .. digits .. "g"):format(value)
        if tonumber(text) == value then
            return text
        end
    end
end

local value_of

local function array_of(value, depth)
    local parts = {}
    for index = 1, #value do
        parts[index] = value_of(value[index], depth)
    end
    return "[" .. table.concat(parts, ",") .. "]"
end

local function object_of(value, depth)
    local parts = {}
    for key, member in pairs(value) do
        if type(key) ~= "string" then
            error("JSON has no table with keys of several kinds", 0)
        end
        parts[#parts + 1] = string_of(key) .. ":" .. value_of(member, depth)
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

local function is_array(value)
    if getmetatable(value) == Array then
        return true
    end
    local count = 0
    for _ in pairs(value) do
        count = count + 1
    end
    return #value > 0 and count == #value
end

local WRITERS = { boolean = tostring, number = number_of, string = string_of }

function value_of(value, depth)
    if value == json.null then
        return "null"
    end
    if type(value) == "table" then
        if depth == MOST_DEPTH then
            error("it is nested too deeply", 0)
        end
        return (is_array(value) and array_of or object_of)(value, depth + 1)
    end
    local writer = WRITERS[type(value)] or error(("JSON has no %s"):format(type(value)), 0)
    return writer(value)
end

-- Returns a table as a JSON object, or nil and the reason.
function json.encode_object(value)
    if type(value) == "table" and value ~= json.null and next(value) ~= nil and is_array(value) then
        return nil, "it is an array"
    end
    local succeeds, text = pcall(object_of, value, 1)
    if not succeeds then
        return nil, text
    end
    return text
end

local function utf8_of(code)
    local char, low = string.char, code % 64
    if code < 0x80 then
        return char(code)
    elseif code < 0x800 then
        return char(0xC0 + math.floor(code / 64), 0x80 + low)
    elseif code < 0x10000 then
        return char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + low)
    end
    local high, middle = math.floor(code / 4096) % 64, math.floor(code / 64) % 64
    return char(0xF0 + math.floor(code / 262144), 0x80 + high, 0x80 + middle, 0x80 + low)
end

local read

local function read_escape(text, at)
    local kind = text:sub(at, at)
    if kind ~= "u" then
        return UNESCAPES[kind] or kind, at + 1
    end
    local code = tonumber(text:sub(at + 1, at + 4), 16)
    at = at + 5
    if code >= 0xD800 and code < 0xDC00 then
        local low = tonumber(text:match("^\\u(%x%x%x%x)", at), 16)
        code, at = 0x10000 + (code - 0xD800) * 0x400 + low - 0xDC00, at + 6
    end
    return utf8_of(code), at
end

local function read_string(text, at)
    local parts = {}
    while true do
        local plain, stop = text:match('^([^"\\]*)()', at)
        parts[#parts + 1] = plain
        if text:sub(stop, stop) == '"' then
            return table.concat(parts), stop + 1
        end
        parts[#parts + 1], at = read_escape(text, stop + 1)
    end
end

-- The values between two brackets, each followed by a comma but the last.
local function read_list(text, at, closing, read_one)
    at = text:match("^%s*()", at)
    while text:sub(at, at) ~= closing do
        at = text:match("^%s*,?%s*()", read_one(at))
    end
    return at + 1
end

local function read_object(text, at)
    local object = {}
    return object,
        read_list(text, at, "}", function(position)
            local key, value
            key, position = read_string(text, position + 1)
            value, position = read(text, text:match("^%s*:%s*()", position))
            object[key] = value
            return position
        end)
end

local function read_array(text, at)
    local array, count = json.array(), 0
    return array,
        read_list(text, at, "]", function(position)
            local value
            value, position = read(text, position)
            count = count + 1
            array[count] = value
            return position
        end)
end

local WORDS = { t = { true, 4 }, f = { false, 5 }, n = { json.null, 4 } }

function read(text, at)
    local first = text:sub(at, at)
    if first == '"' then
        return read_string(text, at + 1)
    elseif first == "{" then
        return read_object(text, at + 1)
    elseif first == "[" then
        return read_array(text, at + 1)
    elseif WORDS[first] then
        return WORDS[first][1], at + WORDS[first][2]
    end
    local number, stop = text:match("^([-+.%deE]+)()", at)
    return tonumber(number), stop
end

-- Reads a text that the library has found to be JSON.
function json.decode(text)
    return (read(text, text:match("^%s*()")))
end

return json
