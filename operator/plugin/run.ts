/** From the name of a command to what does it. */
import type { CommandName } from './commands.ts';
import { dlq } from './commands/dlq.ts';
import { doctor } from './commands/doctor.ts';
import { drain } from './commands/drain.ts';
import { logs } from './commands/logs.ts';
import { report } from './commands/report.ts';
import { pause, promote, resume } from './commands/rollout.ts';
import { instances, status } from './commands/status.ts';
import type { Run } from './plugin.ts';

const runs: Readonly<Record<CommandName, Run>> = {
  status,
  instances,
  drain,
  pause,
  resume,
  promote,
  dlq,
  doctor,
  logs,
  report,
};

export const run: Run = (asked, plugin) => runs[asked.command](asked, plugin);
