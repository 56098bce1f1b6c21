// Statuses of leaders for tests of the dashboard: whole ones, as `anabranch status --json` prints them,
// with the differences that a test names.

const origin = (index) => (0x41b2c90000000000n + BigInt(index)).toString(16).padStart(16, '0');

export function peer(region, index, more = {}) {
  return {region, address: `tcp://${region}.example:7400`, origin: origin(index), connected: true,
    paused: false, follower: false, lag_ops: 0, behind_ms: 0, behind_ops: 0, clock_ahead_ms: 0,
    diverged: false, resolvers_differ: false, absent_functions: '', note: '', away_why: '', away_ms: 0,
    tries: 0, next_try_ms: -1, catching_up: false, round_trip_ms: 2 + 40 * index, sent_ops: 81000 * index,
    received_ops: 40000, not_durable_ops: 0, not_durable_ms: 0, queued_bytes: 0, equal_ago_ms: 640, ...more};
}

// A warning of a leader, as its status has it.
export const warning = (kind, peerName, text, whatToDo, critical = false) =>
  ({kind, peer: peerName, critical, text, what_to_do: whatToDo});

const writesAt = (turn) => 81204 + Math.round(120 * turn + 60 * Math.sin(turn / 3));
const zeros = (names) => Object.fromEntries(names.map((name) => [name, 0]));

// A quiet leader of region `eu` with peers, at the end of `turn` seconds in which it wrote.
export function status(turn, peers, more = {}) {
  const commits = 6120 + Math.round(11 * turn + 8 * Math.sin(turn / 5));
  return {
    region: 'eu', follower: false, origin: origin(0), origin_why: '', mesh: 'shop',
    endpoint: 'tcp://127.0.0.1:7400',
    applied: [{origin: origin(0), region: 'eu', seq: writesAt(turn), state: ''}, ...peers.map((each, index) =>
      ({origin: each.origin, region: each.region, seq: 40000 + (each.connected ? 30 * (index + 1) * turn : 0), state: ''}))],
    peers,
    regions: [{region: 'eu', connected: true, retirement: '', pinned_bytes: 0, pinned_ms: 0},
      ...peers.filter((each) => each.region !== '').map((each) => ({region: each.region, connected: each.connected, retirement: '',
        pinned_bytes: each.connected ? 0 : 222298112, pinned_ms: each.connected ? 0 : each.away_ms}))],
    forks: [], rejoin: {stage: '', taken: 0, renamed: 0, left: 0, failed: ''}, snapshots: [],
    clocks: [], unproven: [], log_damage: [], log_records: 48211, log_bytes: 67108864,
    log_age_ms: 5520000, orders_left: 0, held_batches: 0, waiting_subscriptions: 0, avoided_sources: 0,
    wanted_positions: 0, resolver_failures: 0, resolver_alarms: [], resolver_slow: 0,
    resolver_unstable: 0, answers_kept_bytes: 0, answers_found: 0, answers_asked: 0,
    plugins: zeros(['modules', 'machines', 'values', 'declined', 'out_of_fuel', 'out_of_stack', 'traps',
      'bad_answers', 'large_answers']),
    policies: 0, policy_troubles: [], absent_functions: 0,
    conflicts: {entries: 0, bytes: 0, bytes_max: 67108864, dropped_full: 0, dropped_old: 0, rules: []},
    memory_bytes: 190840832 + 4096 * turn, disk_bytes: 402653184, disk_free_bytes: 41875931136,
    disk_reserve_bytes: 67108864, rows: 310442, requests: 0, requests_repeated: 0, requests_forgotten: 0, requests_corrections: 0,
    expiries: 0, expired_waiting: 0, expired_cleared: 0, digest: '5f3a91c05f3a91c05f3a91c05f3a91c0',
    diverged: 0, keyed: true,
    refused: zeros(['unknown_keys', 'expired_keys', 'failed_handshakes', 'excess_connections',
      'oversized_messages', 'malformed_frames', 'forged_batches', 'greetings']),
    transaction_ms: 0, transaction_thread: 0, long_transactions: 0, async_waiting: 0,
    watches: {...zeros(['watches', 'documents', 'behind', 'lost', 'slow', 'ever_slow', 'thrown']), failed: ''},
    presence: zeros(['listeners', 'published', 'received', 'heard', 'sent', 'repeated', 'old', 'far',
      'excess', 'crowded', 'held_up', 'unsent', 'missed']),
    statistics: {commits, commits_failed: 0, commit_us_p50: 412, commit_us_p99: 2130, commit_us_max: 18220},
    behind_ms: 0, slowed: false, warnings: [], draining: false, full: false, writable: true, redis: '127.0.0.1:6400', clients: {connected: 3, held_back: 0, cut: 0, output_bytes: 0, senders_cut: 0, input_bytes: 0},
    commands: 910334 + Math.round(900 * turn + 200 * Math.sin(turn / 4)),
    lookups: {found: 401200 + Math.round(700 * turn + 150 * Math.sin(turn / 4)), missed: 8100 + 12 * turn},
    ...more,
  };
}

export const healthy = (turn) => status(turn, [
  peer('ap', 1, {clock_ahead_ms: -12}), peer('us', 2, {clock_ahead_ms: 3})]);

// Writes under way: a peer is some operations behind.
export const busy = (turn) => status(turn, [
  peer('ap', 1, {lag_ops: 40, behind_ms: 188, not_durable_ops: 95, not_durable_ms: 1420, queued_bytes: 51200,
    equal_ago_ms: 61000}), peer('us', 2)]);

export const cut = (turn) => status(turn, [
  peer('ap', 1, {connected: false, lag_ops: writesAt(turn) + 60 * turn, behind_ms: 10920000 + 1000 * turn,
    away_why: 'connection refused', away_ms: 10920000 + 1000 * turn, tries: 41, next_try_ms: 700, round_trip_ms: -1,
    not_durable_ops: writesAt(turn) + 60 * turn, not_durable_ms: 10920000 + 1000 * turn,
    equal_ago_ms: 10921000 + 1000 * turn}),
  peer('us', 2)], {warnings: [warning('away', 'ap',
  'region ap (tcp://ap.example:7400) is not connected, for 3 h 2 min: connection refused',
  'start its leader, or correct its address (listen there, peers here)')]});

export const paused = (turn) => status(turn, [peer('ap', 1, {connected: false, paused: true, lag_ops: 12,
  behind_ms: 4000, away_ms: 4000}), peer('us', 2)], {warnings: [warning('paused', 'ap',
  'the exchange with region ap (tcp://ap.example:7400) is paused', 'anabranch peer resume ap')]});

// Catching up from 10 000 operations behind, 500 a second; another by a snapshot.
export const catchingUp = (turn) => status(turn, [
  peer('ap', 1, {lag_ops: Math.max(2000, 10000 - 500 * turn), behind_ms: 20000, catching_up: true}),
  peer('us', 2, {behind_ops: 90000, catching_up: true})], {snapshots: [{region: 'us', stage: 'receiving',
  rows: 120000 + 1000 * turn, rows_total: 310000, bytes: 1, bytes_total: 2, rows_per_second: 1000,
  seconds_left: Math.max(0, 190 - turn)}]});

// Much is wrong at once.
export const alarm = (turn) => status(turn, [
  peer('ap', 1, {diverged: true}),
  peer('us', 2, {resolvers_differ: true, absent_functions: 'nearest, widest'}),
  peer('', 3, {address: 'tcp://sa.example:7400', origin: '', connected: false, away_ms: 61000, tries: 9,
    away_why: 'the name sa.example cannot be looked up', next_try_ms: 0, round_trip_ms: -1, sent_ops: 0,
    received_ops: 0, equal_ago_ms: -1})], {
  warnings: [
    warning('full', '', 'its disk is nearly full: writes that add are refused',
      'give the disk room, or delete; it resumes by itself', true),
    warning('diverged', 'ap', 'region ap (tcp://ap.example:7400) has applied the same and holds other rows',
      'anabranch verify ap names them', true),
    warning('fork', 'ap', `origin ${origin(1)} of region ap has two histories: its directory ran twice`,
      `see docs/operations/restore.md#forks, then anabranch fork resolve ${origin(1)}`, true),
    warning('functions', 'us', 'region us (tcp://us.example:7400) has other functions between concurrent values; ' +
      'it lacks nearest, widest', 'give all regions the same ones'),
    warning('away', 'tcp://sa.example:7400', 'the peer at tcp://sa.example:7400 is not connected, for 1 min 1 s: ' +
      'the name sa.example cannot be looked up', 'correct the name in peers, or mend the look-up of names on this machine'),
    warning('clock', '', 'the clock of region us is 75 years ahead of this one',
      'set that clock right; see docs/operations/clocks.md')],
  full: true, clocks: ['the clock of region us is 75 years ahead of this one'],
  resolver_failures: 3, resolver_slow: 1, policies: 2, answers_asked: 40, answers_found: 1200,
  resolver_alarms: ['the function "nearest" threw at database 0 "doc/1" "s": "no number"; the last ' +
    'written is shown'],
  forks: [{origin: origin(1), region: 'ap', common: 100, differs: 120, here: 140, same: ['eu'],
    others: ['us'], waiting: ['us']}],
  statistics: {commits: 6120, commits_failed: 2, commit_us_p50: 412, commit_us_p99: 92130,
    commit_us_max: 1822000},
});

export const conflicts = (turn) => ({...healthy(turn), conflicts: {entries: 18, bytes: 3120,
  bytes_max: 67108864, dropped_full: 0, dropped_old: 4, rules: [
    {policy: 'wasm three-way', prefix: 'doc/', met: 12, replaced: 0, hidden: 0, doomed: 0},
    {policy: 'max', prefix: 'cart/', met: 4, replaced: 1, hidden: 0, doomed: 0},
    {policy: 'lww', prefix: '', met: 2, replaced: 0, hidden: 0, doomed: 0}]}});

export function losers(now) {
  const loser = (id, key, value, winner, more = {}) => ({id, kind: 'met', database: 0, key, path: ['s'],
    value, region: 'us', time_ms: now - 61000, winner, policy: 'lww', was_shown: true, by_region: 'ap',
    logged_ms: now - 60000, ...more});
  return [
    loser('17.1', 'doc/1/title', 'Canoe on the Danube', 'Canoe trip', {policy: 'wasm three-way'}),
    loser('17.0', 'cart/991', '3', '5', {policy: 'max', region: 'ap', logged_ms: now - 182000}),
    loser('16.0', 'user/7', 'berlin@example', null, {kind: 'replaced', path: ['h', 'mail'],
      logged_ms: now - 90000000}),
  ];
}

export const twelve = (turn) => status(turn, ['ap-south', 'ap-north', 'ca', 'cn', 'de', 'fr', 'jp', 'sa',
  'uk', 'us-east', 'us-west'].map((name, index) => peer(name, index + 1,
  index === 3 ? {connected: false, away_why: 'no answer', away_ms: 61000, tries: 4, lag_ops: 9, behind_ms: 61000}
    : index === 7 ? {lag_ops: 120, behind_ms: 40} : {})));

export const kHostile = {
  markup: '<img src=x onerror="document.title=\'owned\'"><b>bold</b>',
  turned: 'us\u202etxe\u2066',
  control: 'a\u0007b\u001b[31mc\nd',
  hebrew: 'אזור-מזרח',
  surrogate: 'x\ud800y',
  long: 'long-'.repeat(60),
  emoji: '👩‍🚀 region',
};

export const hostile = (turn) => status(turn, Object.values(kHostile).map((name, index) =>
  peer(name, index + 1, {address: `tcp://${name}:1`, clock_ahead_ms: 5,
    ...(index % 2 ? {connected: false, away_why: kHostile.markup, away_ms: 9000, tries: 2, note: name} : {})})), {
  region: `eu${kHostile.turned}`, clocks: [kHostile.markup],
  warnings: Object.values(kHostile).map((text) => warning('clock', text, text, text)), resolver_alarms: [kHostile.markup],
  conflicts: {entries: 1, bytes: 10, bytes_max: 100, dropped_full: 0, dropped_old: 0,
    rules: [{policy: kHostile.markup, prefix: kHostile.turned, met: 1, replaced: 0, hidden: 0, doomed: 0}]}});

// What a leader remembers of the last two minutes.
export function history(now) {
  const seconds = Array.from({length: 120}, (_, index) => index - 119);
  const wave = (mean, swing, pace) => seconds.map((each) => mean + swing * Math.sin(each / pace) +
    swing * 0.3 * Math.sin(each * 1.7));
  return {time_ms: seconds.map((each) => now + 1000 * each), writes: wave(120, 30, 9),
    reads: wave(720, 160, 14), applied: wave(90, 9, 20), commits: wave(11, 3, 9),
    behind_ms: wave(20, 18, 6), behind_ops: wave(0, 0, 1), connected: wave(2, 0, 1)};
}

export const alone = (turn) => status(turn, []);
