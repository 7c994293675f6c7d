/**
 * The original scheduler's way between instances, re-created at its best: each message looks its owner up, checks that
 * the owner is present, and appends one entry to the owner's inbox; the reader delivers, acknowledges and deletes one
 * entry after the other. Two things the original lacks are given to it: a connection of its own for the blocking read,
 * without which every command waits for the read's time-out, and acknowledgements that the next entry does not wait
 * for. Nothing is recorded: an accepted job lives in memory only.
 */
import { Redis } from 'ioredis';
import { instanceArguments } from '../instance-arguments.ts';
import { clientOf, type AnswerMessage, type AskMessage } from '../plain-sockets/messages.ts';
import { serveSockets } from '../plain-sockets/server.ts';

type Letter = { readonly kind: 'ask' | 'answer'; readonly to: string } & (AskMessage | AnswerMessage);
type Entries = [stream: string, entries: [id: string, fields: string[]][]][];

const { name, port, redisUrl, workers } = instanceArguments(process.argv.slice(2));
const commands = new Redis(redisUrl);
const reader = new Redis(redisUrl);
const group = 'scheduler';
const inbox = (instance: string) => `naive:streams:{instance:${instance}}:inbox`;

await commands.set(`naive:presence:${name}`, '1');
await commands.xgroup('CREATE', inbox(name), group, '0', 'MKSTREAM');

let turn = 0;
const own = async (id: string) => {
  await commands.set(`naive:owner:${id}`, name);
};
const sockets = serveSockets(port, {
  onClient: own,
  onWorker: own,
  onAsk: (ask) => {
    void send({ kind: 'ask', to: `worker-${String(turn++ % workers)}`, ...ask });
  },
  onAnswer: (answer) => {
    void send({ kind: 'answer', to: clientOf(answer.id), ...answer });
  },
});
await readForEver();

async function send(letter: Letter): Promise<void> {
  const owner = await commands.get(`naive:owner:${letter.to}`);
  if (owner === null) throw new Error(`nobody owns ${letter.to}`);
  if ((await commands.exists(`naive:presence:${owner}`)) === 0) throw new Error(`${owner} is not present`);
  await commands.xadd(inbox(owner), 'MAXLEN', '~', 10_000, '*', 'payload', JSON.stringify(letter));
}

async function readForEver(): Promise<void> {
  for (;;) {
    const read = (await reader.xreadgroup(
      ...(['GROUP', group, name, 'COUNT', 64, 'BLOCK', 1000] as const),
      ...(['STREAMS', inbox(name), '>'] as const),
    )) as Entries | null;
    for (const [id, fields] of read?.[0]?.[1] ?? []) {
      deliver(JSON.parse(fields[1] ?? '') as Letter);
      void commands.xack(inbox(name), group, id);
      void commands.xdel(inbox(name), id);
    }
  }
}

function deliver({ to, id, text }: Letter): void {
  sockets.send(to, { id, text });
}
