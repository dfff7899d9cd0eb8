-- Waits for named events, and signals them, through the Anchor event-coordination API.
--
--     local anchor = require("anchor_events")
--     local client = assert(anchor.client()) -- the key is in ANCHORBROWSER_API_KEY
--     local event = assert(client:wait("mfa_code", 60))
--     print(event.data.code)

local json = require("anchor_events.json")

return {
    array = json.array,
    client = require("anchor_events.client"),
    loop = require("anchor_events.loop").new,
    null = json.null,
    VERSION = require("anchor_events.library").VERSION,
}
