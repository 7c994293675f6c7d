/** How the instance processes of the compared systems are told their place. */
import { parseArgs } from 'node:util';
import type { Launch, Place } from './system.ts';

export type InstanceArguments = Omit<Place, 'directory'>;

export function launchInstance(file: URL, { name, port, redisUrl, workers }: Place): Launch {
  return {
    args: [
      ...[file.pathname, '--name', name, '--port', String(port)],
      ...['--redis', redisUrl, '--workers', String(workers)],
    ],
  };
}

/** Also makes the process end by itself on SIGTERM, so that a profile of it is written. */
export function instanceArguments(argv: readonly string[]): InstanceArguments {
  process.once('SIGTERM', () => process.exit(0));
  const text = { type: 'string', default: '' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { name: text, port: text, redis: text, workers: text },
  });
  if (values.name !== 'a' && values.name !== 'b') throw new Error(`--name is a or b, not '${values.name}'`);
  return {
    name: values.name,
    port: Number(values.port),
    redisUrl: values.redis,
    workers: Number(values.workers),
  };
}
