-- Seats of one library by session: a field holds when it was taken, whose it is, and the rest.
-- ARGV: the session, the moment, the person, the rest; how long a seat is taken, milliseconds; most
-- seats of a person, and of all.
local session, now, person = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local lasts, own_max, all_max = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local all, own, oldest, oldest_at = 0, 0, nil, nil
local held = redis.call('HGETALL', KEYS[1])
for i = 1, #held, 2 do
  local at, whose = string.match(held[i + 1], '^(%-?%d+) (%S+)')
  at = tonumber(at or '')
  if held[i] == session or not at or at + lasts <= now then
    redis.call('HDEL', KEYS[1], held[i])
  else
    all = all + 1
    if whose == person then
      own = own + 1
      if not oldest or at < oldest_at or (at == oldest_at and held[i] < oldest) then
        oldest, oldest_at = held[i], at
      end
    end
  end
end
if own >= own_max then
  redis.call('HDEL', KEYS[1], oldest)
  all = all - 1
end
if all < all_max then
  redis.call('HSET', KEYS[1], session, ARGV[2] .. ' ' .. person .. ' ' .. ARGV[4])
  redis.call('PEXPIRE', KEYS[1], lasts)
end
return {}
