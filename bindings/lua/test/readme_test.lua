-- Each program of the README runs as it stands there.

local server = require("server")

local PRINTED = { "123456\n", "1\n125250\n", "nil\tANCHOR_CANCELLED\n", "true\tANCHOR_TIMEOUT\treceive\tfalse\n" }

describe("the README", function()
    local number = 0
    for program in server.text_of("README.md"):gmatch("```lua\n(.-)```") do
        number = number + 1
        local printed = assert(PRINTED[number], "a program of which nothing is known")
        it("has program " .. number, function()
            local file = os.tmpname()
            local code = server.join(server.start(program, file))
            assert.same({ printed, 0 }, { server.text_of(file), code })
            os.remove(file)
        end)
    end
    it("has them all", function()
        assert.equal(#PRINTED, number)
    end)
end)
