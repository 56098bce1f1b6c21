-- A Tarantool instance with one space of strings, for bench/tarantool.py. Its settings are in the
-- environment: BENCH_PORT, BENCH_DIR, BENCH_PEER (a port; empty: none).
local port, dir, peer = os.getenv('BENCH_PORT'), os.getenv('BENCH_DIR'), os.getenv('BENCH_PEER')
local gigabyte = 1024 * 1024 * 1024

local replication = {}
if peer ~= '' then replication = {'127.0.0.1:' .. peer} end
box.cfg{
    listen = '127.0.0.1:' .. port,
    work_dir = dir,
    replication = replication,
    replication_connect_quorum = 0,
    wal_mode = 'fsync',
    checkpoint_interval = 0,
    memtx_memory = 3 * gigabyte,
    log_level = 2,
}
box.once('schema', function()
    box.schema.user.grant('guest', 'super')
    box.schema.space.create('kv'):create_index('primary', {parts = {1, 'string'}})
end)
io.stdout:write('ready\n')
io.stdout:flush()
