-- Buckets by GCRA: a key holds the moment its bucket is full, microseconds since 1970.
-- ARGV: the verb, the moment, then for each key what is drawn and what a whole bucket is worth.
local verb, now = ARGV[1], tonumber(ARGV[2])
local before, after, done = {}, {}, 1
for i, key in ipairs(KEYS) do
  local price, span = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
  local deepest = now + 2 * span
  local level = tonumber(redis.call('GET', key) or 0) or 0
  before[i] = math.min(math.max(level, now), deepest)
  if verb == 'give back' then
    after[i] = math.max(before[i] - price, now)
  elseif verb == 'owe' then
    after[i] = math.min(before[i] + price, deepest)
  else
    after[i] = before[i] + price
    if after[i] - now > span then done = 0 end
  end
end
if done == 0 then return { 0, unpack(before) } end
for i, key in ipairs(KEYS) do
  if after[i] > now then
    local ms = math.ceil((after[i] - now) / 1000)
    redis.call('SET', key, string.format('%.0f', after[i]), 'PX', string.format('%.0f', ms))
  else
    redis.call('DEL', key)
  end
end
return { 1, unpack(after) }
