/** Asks one instance how it is, over its admin API. An answer is always a value: silence is one of the things it may say. */
import { Agent } from 'undici';
import { InstanceReport } from '../../common/admin-api.ts';
import type { Clock } from '../../common/clock.ts';
import { paths, ports } from '../../common/workload.ts';
import type { InstanceAnswer } from '../decide/seen.ts';

export interface AdminClient {
  /** @param address IP address of the pod */
  ask(address: string, token: string): Promise<InstanceAnswer>;
  close(): Promise<void>;
}

export interface AdminClientOptions {
  readonly clock: Clock;
  /** For a whole call. Default 2000. */
  readonly timeoutMs?: number;
  /** Default: the admin port of a scheduler pod. */
  readonly port?: number;
}

/** A report is about one kilobyte. */
const answerBytesMax = 64 * 1024;

export function createAdminClient(options: AdminClientOptions): AdminClient {
  const { clock, timeoutMs = 2_000, port = ports.admin } = options;
  const agent = new Agent({ connections: 1, keepAliveTimeout: 20_000, maxResponseSize: answerBytesMax });
  return {
    async ask(address, token) {
      const deadline = new AbortController();
      const cancel = clock.after(timeoutMs, () => {
        deadline.abort(new Error(`no answer within ${String(timeoutMs)} ms`));
      });
      try {
        const { statusCode, body } = await agent.request({
          origin: `http://${hostOf(address)}:${String(port)}`,
          path: paths.adminInstance,
          method: 'GET',
          headers: { authorization: `Bearer ${token}` },
          signal: deadline.signal,
        });
        return read(statusCode, await body.text());
      } catch (error) {
        return { kind: 'silent', error: (error as Error).message };
      } finally {
        cancel();
      }
    },
    close: () => agent.destroy(),
  };
}

const hostOf = (address: string): string => (address.includes(':') ? `[${address}]` : address);

function read(status: number, body: string): InstanceAnswer {
  if (status !== 200) return { kind: 'silent', error: `its admin API answered ${String(status)}` };
  const parsed = InstanceReport.safeParse(jsonOrUndefined(body));
  return parsed.success
    ? { kind: 'report', report: parsed.data }
    : { kind: 'silent', error: 'its admin API answered something that is not a report' };
}

function jsonOrUndefined(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
