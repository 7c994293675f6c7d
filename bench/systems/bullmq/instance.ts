/**
 * Request and reply over a job queue: instance A, which has the clients, adds a job to B's queue and waits until it is
 * finished; instance B takes jobs, hands them to its workers' sockets and returns their answers.
 */
import { Queue, QueueEvents, Worker } from 'bullmq';
import { instanceArguments } from '../instance-arguments.ts';
import { clientOf, type AnswerMessage, type AskMessage } from '../plain-sockets/messages.ts';
import { serveSockets } from '../plain-sockets/server.ts';

const { name, port, redisUrl, workers } = instanceArguments(process.argv.slice(2));
const connection = { url: redisUrl, maxRetriesPerRequest: null };
const queueName = 'instance-b';
const answerLimitMs = 30_000;
/** More than are ever in flight: the queue is a way between instances here, not a limit. */
const concurrency = 512;

/** Finished jobs are kept for a while: one that is removed at once may be gone before its waiter looks. */
const jobOptions = { removeOnComplete: { count: 1000 }, removeOnFail: { count: 1000 } };

if (name === 'a') await serveClients();
else await serveWorkers();

async function serveClients(): Promise<void> {
  const queue = new Queue<AskMessage, AnswerMessage>(queueName, { connection });
  const events = new QueueEvents(queueName, { connection });
  await events.waitUntilReady();
  const request = async (ask: AskMessage) => {
    const job = await queue.add('ask', ask, jobOptions);
    sockets.send(clientOf(ask.id), await job.waitUntilFinished(events, answerLimitMs));
  };
  const sockets = serveSockets(port, {
    onAsk: (ask) => {
      void request(ask);
    },
  });
}

async function serveWorkers(): Promise<void> {
  const waiting = new Map<string, (answer: AnswerMessage) => void>();
  const sockets = serveSockets(port, {
    onAnswer: (answer) => {
      waiting.get(answer.id)?.(answer);
      waiting.delete(answer.id);
    },
  });
  let turn = 0;
  const answerOf = (ask: AskMessage) =>
    new Promise<AnswerMessage>((resolve) => {
      waiting.set(ask.id, resolve);
      sockets.send(`worker-${String(turn++ % workers)}`, ask);
    });
  const worker = new Worker<AskMessage, AnswerMessage>(queueName, ({ data }) => answerOf(data), {
    connection,
    concurrency,
  });
  worker.on('error', (error) => {
    throw error;
  });
  await worker.waitUntilReady();
}
