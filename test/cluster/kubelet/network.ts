/** A node's network: its pods' addresses, held by listening on the first of them. */
import { createServer, type Server } from 'node:http';
import type { Random } from '../../../common/clock.ts';
import { AppError } from '../../../common/errors.ts';
import { closeServer, listen, text } from '../../../common/http.ts';
import { AddressPool, type AddressRange } from './addresses.ts';

export interface Network {
  readonly addresses: AddressPool;
  /** Lets others have it. */
  release(): Promise<void>;
}

/** Also tells whether the node lives, as a real one does. */
const healthPort = 10248;
const triesMax = 100;

/** Takes the first network nobody else on this machine holds, beginning anywhere in the first range that is this machine's. */
export async function claimNetwork(ranges: readonly AddressRange[], random: Random): Promise<Network> {
  let failure: unknown;
  for (const { networks, prefix } of ranges) {
    const start = Math.floor(random.next() * networks);
    for (let tries = 0; tries < triesMax; tries++) {
      try {
        return await hold(new AddressPool(prefix((start + tries) % networks)));
      } catch (error) {
        failure = error;
        if (isForeign(error)) break;
      }
    }
  }
  throw new AppError('unavailable', 'no network is free for pods', { cause: failure });
}

async function hold(addresses: AddressPool): Promise<Network> {
  const server: Server = createServer((_request, response) => {
    const { status, body } = text(200, 'ok\n');
    response.writeHead(status).end(body);
  });
  await listen(server, { host: addresses.nodeAddress, port: healthPort });
  return { addresses, release: () => closeServer(server) };
}

/** The address is not one of this machine, so none of the range is. */
const isForeign = (error: unknown): boolean => (error as { code?: string }).code === 'EADDRNOTAVAIL';
