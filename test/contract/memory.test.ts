import { openMemoryStore } from '../../scheduler/store/memory/open.ts';
import { FakeClock } from '../fakes/clock.ts';
import { storeContract } from './store.ts';

storeContract('memory', (inbox) => {
  const clock = new FakeClock();
  const store = openMemoryStore({ clock, inbox });
  return Promise.resolve({
    store,
    advance: (ms: number) => clock.advance(ms),
    inject: (instanceId: string, payload: string) => {
      store.inbox.inject(instanceId, payload);
      return Promise.resolve();
    },
    dispose: () => store.close(),
  });
});
