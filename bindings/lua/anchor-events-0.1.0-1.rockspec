rockspec_format = "3.0"
package = "anchor-events"
version = "0.1.0-1"
source = {
    url = "git+https://github.com/libanchor/libanchor.git",
    tag = "v0.1.0",
    dir = "libanchor/bindings/lua",
}
description = {
    summary = "Waits for named events, and signals them, through the Anchor event-coordination API",
    homepage = "https://github.com/libanchor/libanchor",
    license = "MIT OR Apache-2.0",
    labels = { "anchor", "browser", "events", "mfa" },
}
supported_platforms = { "linux" }
dependencies = { "lua == 5.1" }
test_dependencies = { "busted" }
-- build.sh puts the library, its declarations and the licences beside the sources, and packs a binary rock.
build = {
    type = "builtin",
    modules = {
        ["anchor_events"] = "src/init.lua",
        ["anchor_events.arguments"] = "src/arguments.lua",
        ["anchor_events.client"] = "src/client.lua",
        ["anchor_events.errors"] = "src/errors.lua",
        ["anchor_events.event"] = "src/event.lua",
        ["anchor_events.json"] = "src/json.lua",
        ["anchor_events.library"] = "src/library.lua",
        ["anchor_events.loop"] = "src/loop.lua",
        ["anchor_events.settings"] = "src/settings.lua",
    },
    install = {
        lua = { ["anchor_events.anchor"] = "anchor.cdef" },
        lib = { ["anchor_events.libanchor"] = "libanchor.so" },
    },
    copy_directories = { "doc" },
}
