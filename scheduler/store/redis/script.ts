/** A Lua script: one transition, in one slot. Its name is also its operation's name in metrics. */
import { createHash } from 'node:crypto';

export interface Script {
  readonly name: string;
  readonly source: string;
  /** By which Redis remembers it. */
  readonly sha1: string;
}

export function defineScript(name: string, source: string): Script {
  return { name, source, sha1: createHash('sha1').update(source).digest('hex') };
}

/** For scripts that keep deadlines: `nowMs()` by the clock of Redis, which all instances share. */
export const luaNow = `
local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;
