/** The floor under all systems: each question to the next worker, each answer to its client, and nothing else. */
import { instanceArguments } from '../instance-arguments.ts';
import { clientOf } from '../plain-sockets/messages.ts';
import { serveSockets } from '../plain-sockets/server.ts';

const { port, workers } = instanceArguments(process.argv.slice(2));

let turn = 0;
const sockets = serveSockets(port, {
  onAsk: (ask) => {
    sockets.send(`worker-${String(turn++ % workers)}`, ask);
  },
  onAnswer: (answer) => {
    sockets.send(clientOf(answer.id), answer);
  },
});
