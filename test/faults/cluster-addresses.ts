/**
 * Puts the proxies' ports where a Redis cluster speaks of its own, so that a client that learns the slots from the cluster
 * still comes through the proxies: in CLUSTER SLOTS, SHARDS and NODES, and in MOVED and ASK.
 */
import type { Command } from './commands.ts';
import { encodeError, encodeReply, errorText, replyValue, type RespValue } from './resp.ts';

/** Port of the proxy by port of the server. */
export type PortMap = ReadonlyMap<number, number>;

export function rewriteAddresses(ports: PortMap): (command: Command, reply: Buffer) => Buffer {
  return (command, reply) => {
    const error = errorText(reply);
    if (error !== undefined) return /^(MOVED|ASK) /.test(error) ? encodeError(inText(error, ports)) : reply;
    if (command.name !== 'CLUSTER') return reply;
    const topic = command.words[1]?.toString('latin1').toUpperCase();
    if (topic === 'SLOTS') return encodeReply(inSlots(replyValue(reply), ports));
    if (topic === 'SHARDS') return encodeReply(inShards(replyValue(reply), ports));
    if (topic === 'NODES') return encodeReply(inNodes(replyValue(reply), ports));
    return reply;
  };
}

const inText = (text: string, ports: PortMap): string =>
  text.replace(/:(\d+)(?=@|$)/, (whole, port: string) => `:${ports.get(Number(port)) ?? whole.slice(1)}`);

/** `[[from, to, [host, port, id, ...], ...], ...]` */
function inSlots(value: RespValue, ports: PortMap): RespValue {
  if (!Array.isArray(value)) return value;
  return value.map((range) =>
    Array.isArray(range) ? range.map((part) => (Array.isArray(part) ? withPort(part, ports) : part)) : range,
  );
}

function withPort(server: RespValue[], ports: PortMap): RespValue[] {
  const [host = null, port = null, ...rest] = server;
  return [host, typeof port === 'number' ? (ports.get(port) ?? port) : port, ...rest];
}

/** A list of pairs in which the number behind `port` is one. */
function inShards(value: RespValue, ports: PortMap): RespValue {
  if (!Array.isArray(value)) return value;
  return value.map((part, index) =>
    typeof part === 'number' && value[index - 1] === 'port'
      ? (ports.get(part) ?? part)
      : inShards(part, ports),
  );
}

/** Lines of `<id> <host>:<port>@<bus port> ...`. */
function inNodes(value: RespValue, ports: PortMap): RespValue {
  if (typeof value !== 'string') return value;
  return value
    .split('\n')
    .map((line) => inText(line, ports))
    .join('\n');
}
