/** A Lua script: one transition, in one slot. Its name is also its operation's name in metrics. */
import { createHash } from 'node:crypto';

/** What a command or script is given beside its keys. */
export type Argument = string | number;

export interface Script {
  readonly name: string;
  readonly source: string;
  /** By which Redis remembers it. */
  readonly sha1: string;
}

export function defineScript(name: string, source: string): Script {
  return { name, source, sha1: createHash('sha1').update(source).digest('hex') };
}

/**
 * For scripts that keep many deadlines: `deadline(ms)`, as text, because a number that Lua hands to Redis is formatted each
 * time.
 */
export const luaDeadlines = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local deadlines = {}
local function deadline(ms)
  local known = deadlines[ms]
  if not known then
    known = string.format('%d', now + ms)
    deadlines[ms] = known
  end
  return known
end
`;

/** For scripts that keep deadlines: `nowMs()` by the clock of Redis, which all instances share. */
export const luaNow = `
local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;
