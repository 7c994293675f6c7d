/** J8 and J13: nothing is left over when all is quiet, and no process ended by itself. */
import type { Ledger, Violation } from './ledger.ts';

export function leftOver(ledger: Ledger): Violation[] {
  const open = ledger.eventsOf('record').filter(({ detail }) => detail !== 'finished');
  const wrong = ledger.eventsOf('books').filter(({ count, expected = 0 }) => count !== expected);
  return [
    ...open.map((record): Violation => ({
      verdict: 'left-open',
      says: `job ${record.job ?? ''} is still ${record.detail ?? 'open'}`,
      events: [...(ledger.eventsOfJob.get(record.job ?? '') ?? [])],
    })),
    ...wrong.map((figure): Violation => ({
      verdict: 'books',
      says: `${figure.actor}: ${figure.detail ?? ''} is ${figure.count ?? '?'}, not ${figure.expected ?? 0}`,
      events: [figure],
    })),
  ];
}

export function crashes(ledger: Ledger): Violation[] {
  return ledger.eventsOf('exit', 'fail').map((event) => ({
    verdict: 'crash',
    says: `${event.actor} ended: ${event.detail ?? ''}`,
    events: [event],
  }));
}
