-- Settings of a client and options of a call, and how they are set in the library.

local check = require("anchor_events.arguments").check
local errors = require("anchor_events.errors")
local library = require("anchor_events.library")

local ffi, lib = library.ffi, library.lib
local settings = {}

local MOST_RETRIES = lib.ANCHOR_RETRY_ALWAYS
local TRUST = { auto = lib.ANCHOR_TRUST_AUTO, system = lib.ANCHOR_TRUST_SYSTEM, bundled = lib.ANCHOR_TRUST_BUNDLED }

-- How the value of a setting becomes the arguments of its setter, once or several times.
local function one(read)
    return function(value)
        local checked, reason = read(value)
        return checked ~= nil and { { checked } }, reason
    end
end

local function pair(value)
    if type(value) ~= "table" or #value ~= 2 then
        return nil, "table of two strings expected"
    end
    local first, reason = check.text(value[1])
    local second, other = check.text(value[2])
    return first and second and { { first, second } }, reason or other
end

local function headers(value)
    if type(value) ~= "table" then
        return nil, ("table expected, got %s"):format(type(value))
    end
    local calls = {}
    for name, content in pairs(value) do
        local call, reason = pair({ name, content })
        if not call then
            return nil, reason
        end
        calls[#calls + 1] = call[1]
    end
    return calls
end

-- math.huge sets no limit.
local function retries(value)
    if value == math.huge then
        return MOST_RETRIES
    end
    local count, reason = check.count(value)
    if count and count > MOST_RETRIES then
        return nil, "it is too large"
    end
    return count, reason
end

local function trust(value)
    return TRUST[value], "it must be 'auto', 'system' or 'bundled'"
end

-- By name: the setter without its prefix, and its arguments.
settings.SETTERS = {
    api_key = { "set_api_key", one(check.text) },
    base_url = { "set_base_url", one(check.text) },
    allow_http = { "set_allow_http", one(check.flag) },
    headers = { "add_header", headers },
    user_agent = { "set_user_agent", one(check.text) },
    proxy = { "set_proxy", one(check.text) },
    connect_to = { "set_connect_to", pair },
    connect_timeout = { "set_connect_timeout_ms", one(check.milliseconds) },
    request_timeout = { "set_request_timeout_ms", one(check.milliseconds) },
    max_response_bytes = { "set_max_response_bytes", one(check.count) },
    slice = { "set_slice_ms", one(check.milliseconds) },
    grace = { "set_grace_ms", one(check.milliseconds) },
    retries = { "set_retries", one(retries) },
    rearm = { "set_rearm", one(check.flag) },
    ca_file = { "set_ca_file", one(check.text) },
    ca_pem = { "set_ca_pem", one(check.text) },
    trust = { "set_trust", one(trust) },
    client_certificate = { "set_client_certificate", pair },
    client_certificate_pem = { "set_client_certificate_pem", pair },
    crl_file = { "set_crl_file", one(check.text) },
    pinned_public_keys = { "set_pinned_public_keys", one(check.text) },
}

settings.OPTIONS = {
    retries = { "set_retries", one(retries) },
    rearm = { "set_rearm", one(check.flag) },
    slice = { "set_slice_ms", one(check.milliseconds) },
    headers = { "add_header", headers },
    request_id = { "set_request_id", one(check.text) },
}

-- Where the program is, seen from `set`: it called a function of the client, which called one of this module.
local PROGRAM = 4

-- Sets what is given. Returns the error of the library, if it refuses one.
local function set(prefix, known, handle, given)
    for name, value in pairs(given) do
        local setter = known[name] or error(("'%s' is not a setting"):format(tostring(name)), PROGRAM)
        local calls, reason = setter[2](value)
        if not calls then
            error(("bad setting '%s' (%s)"):format(name, reason), PROGRAM)
        end
        for _, call in ipairs(calls) do
            local status = lib[prefix .. setter[1]](handle, unpack(call))
            if status ~= lib.ANCHOR_OK then
                return errors.last(status)
            end
        end
    end
end

-- A client of the library, or nil and the error. A call of it ends when a signal handler runs: LuaJIT's only set a flag.
function settings.new_client(given)
    local config, out = ffi.gc(lib.anchor_config_new(), lib.anchor_config_free), ffi.new("anchor_client *[1]")
    local failure = set("anchor_config_", settings.SETTERS, config, given)
    if failure then
        return nil, failure
    end
    local status = lib.anchor_config_set_interruptible(config, 1)
    status = status == lib.ANCHOR_OK and lib.anchor_client_new(config, out) or status
    if status ~= lib.ANCHOR_OK then
        return nil, errors.last(status)
    end
    return ffi.gc(out[0], lib.anchor_client_free)
end

-- The options as the library takes them: nil for none, or false and the error.
function settings.new_options(given)
    if given == nil then
        return nil
    end
    if type(given) ~= "table" then
        error(("bad options (table expected, got %s)"):format(type(given)), PROGRAM - 1)
    end
    local options = ffi.gc(lib.anchor_options_new(), lib.anchor_options_free)
    local failure = set("anchor_options_", settings.OPTIONS, options, given)
    if failure then
        return false, failure
    end
    return options
end

return settings
