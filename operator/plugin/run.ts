/** From the name of a command to what does it. */
import type { CommandName } from './commands.ts';
import { logs } from './commands/logs.ts';
import { pause, promote, resume } from './commands/rollout.ts';
import { instances, status } from './commands/status.ts';
import type { Run } from './plugin.ts';

const runs: Readonly<Record<CommandName, Run>> = { status, instances, pause, resume, promote, logs };

export const run: Run = (asked, plugin) => runs[asked.command](asked, plugin);
