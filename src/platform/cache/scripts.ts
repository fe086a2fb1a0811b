import { Script } from './script.ts';

// The counter that is lost (evicted, flushed) begins at the time in microseconds, and so never goes back. As text all the
// way: Lua would print a number of that length rounded.
const COUNTER = `
local function now()
  local time = redis.call('TIME')
  return time[1] .. string.format('%06d', tonumber(time[2]))
end
local function current()
  redis.call('SET', KEYS[1], now(), 'NX')
  return redis.call('GET', KEYS[1])
end
`;

/** KEYS: counter. @returns the counter */
export const askCounter = new Script(`${COUNTER} return current()`);

/**
 * KEYS: counter, tags. ARGV: lifetime of tags, channel, message, and '1' to leap ahead of all numbers ever given.
 * Numbers the invalidation, makes the number each tag's version, and tells everybody: one step, so that nobody sees half of it.
 */
export const invalidateTags = new Script(`${COUNTER}
local counter = current()
if ARGV[4] == '1' and tonumber(now()) > tonumber(counter) then redis.call('SET', KEYS[1], now()) end
redis.call('INCR', KEYS[1])
local sequence = redis.call('GET', KEYS[1])
for i = 2, #KEYS do redis.call('SET', KEYS[i], sequence, 'PX', ARGV[1]) end
redis.call('PUBLISH', ARGV[2], sequence .. ' ' .. ARGV[3])
return sequence`);

// A lock holds its holder's token, as long as any other, and the versions that its load began with.
const HELD = `
local function isHeld()
  local lock = redis.call('GET', KEYS[1])
  return lock and string.sub(lock, 1, #ARGV[1]) == ARGV[1]
end
`;

/**
 * KEYS: lock, value, tags. ARGV: token, lifetime of the lock or '' to take it from whoever has it, lifetime of tags, a version nobody
 * has given, end of the value's head. To be run before a load. Also takes the lock of a load whose tags have been invalidated
 * since: what that brings is not stored, so there is nothing to wait for. @returns whether the lock is the caller's, the head, and
 * the version of each tag
 */
export const beginLoad = new Script(`
local answer = { '', redis.call('GETRANGE', KEYS[2], 0, ARGV[5]) }
for i = 3, #KEYS do
  redis.call('SET', KEYS[i], ARGV[4], 'NX', 'PX', ARGV[3])
  answer[i] = redis.call('GET', KEYS[i])
end
local versions = table.concat(answer, ' ', 3)
local lock = redis.call('GET', KEYS[1])
if not lock or ARGV[2] == '' or string.sub(lock, #ARGV[1] + 1) ~= versions then
  redis.call('SET', KEYS[1], ARGV[1] .. versions, 'PX', ARGV[2] == '' and 1000 or ARGV[2])
  answer[1] = '1'
end
return answer`);

/**
 * KEYS: lock, value, tags. ARGV: token, bytes, lifetime, lifetime of tags, the versions the load began with. Stores what was
 * loaded and gives the lock back. Not without the lock, and not what has been invalidated since. @returns 1 if stored
 */
export const storeLoaded = new Script(`${HELD}
if not isHeld() then return 0 end
redis.call('DEL', KEYS[1])
for i = 3, #KEYS do
  if redis.call('GET', KEYS[i]) ~= ARGV[i + 2] then return 0 end
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
for i = 3, #KEYS do redis.call('PEXPIRE', KEYS[i], ARGV[4]) end
return 1`);

/** KEYS: lock, or lease, which holds the token alone. ARGV: token, lifetime, or '0' to give it back. */
export const holdLock = new Script(`${HELD}
if not isHeld() then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`);
