-- Writes as redis-benchmark does, and prints the requests per second:
--   tarantool load.lua PORT CLIENTS PIPELINE REQUESTS KEYS VALUE_BYTES
local fiber, net, clock = require('fiber'), require('net.box'), require('clock')
local port = arg[1]
local clients, pipeline, requests = tonumber(arg[2]), tonumber(arg[3]), tonumber(arg[4])
local keys, value = tonumber(arg[5]), string.rep('x', tonumber(arg[6]))

local connections = {}
for i = 1, clients do connections[i] = net.connect('127.0.0.1:' .. port) end
math.randomseed(tonumber(clock.time64() % 2147483647))

local begun = 0
local function write(connection)
    while begun < requests do
        local futures = {}
        for i = 1, math.min(pipeline, requests - begun) do
            local key = string.format('key:%012d', math.random(0, keys - 1))
            futures[i] = connection.space.kv:replace({key, value}, {is_async = true})
        end
        begun = begun + #futures
        for _, future in ipairs(futures) do
            local _, failure = future:wait_result(60)
            if failure ~= nil then error(failure) end
        end
    end
end

local begin = clock.monotonic()
local fibers = {}
for i = 1, clients do
    fibers[i] = fiber.new(write, connections[i])
    fibers[i]:set_joinable(true)
end
for i = 1, clients do
    local done, failure = fibers[i]:join()
    if not done then
        io.stderr:write(tostring(failure) .. '\n')
        os.exit(1)
    end
end
print(requests / (clock.monotonic() - begin))
os.exit(0)
