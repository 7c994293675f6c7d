import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refusalOf, type Load } from './admission.ts';

const idle: Load = { openJobs: 0, unacknowledged: 0, waitingJobs: 0, loopDelayMs: 0 };
const limits = { maxOpenJobs: 4, maxUnacknowledged: 10, maxWaitingJobs: 20, maxLoopDelayMs: 500 };

const cause = (load: Partial<Load>, limit: Partial<typeof limits> = {}) =>
  refusalOf({ ...idle, ...load }, { ...limits, ...limit })?.cause;

describe('admission', () => {
  it('takes what fits', () => {
    assert.equal(cause({}), undefined);
    assert.equal(
      cause({ openJobs: 3, unacknowledged: 9, waitingJobs: 19, loopDelayMs: 499 }),
      undefined,
      'the last one within every limit is taken',
    );
  });

  it('refuses the first one beyond each limit', () => {
    assert.equal(cause({ openJobs: 4 }), 'session_jobs');
    assert.equal(cause({ unacknowledged: 10 }), 'unacknowledged');
    assert.equal(cause({ waitingJobs: 20 }), 'waiting_jobs');
    assert.equal(cause({ loopDelayMs: 500 }), 'event_loop');
  });

  it('names what the session itself can mend before what it cannot', () => {
    const all = { openJobs: 99, unacknowledged: 99, waitingJobs: 99, loopDelayMs: 9999 };
    assert.equal(cause(all), 'session_jobs');
    assert.equal(cause({ ...all, openJobs: 0 }), 'unacknowledged');
    assert.equal(cause({ ...all, openJobs: 0, unacknowledged: 0 }), 'waiting_jobs');
  });

  it('does not look at the event loop when told so', () => {
    assert.equal(cause({ loopDelayMs: 60_000 }, { maxLoopDelayMs: 0 }), undefined);
  });

  it('always says when to come again, and later for trouble that is not the session’s own', () => {
    const own = refusalOf({ ...idle, openJobs: 4 }, limits);
    const ours = refusalOf({ ...idle, loopDelayMs: 900 }, limits);
    assert.ok(own && ours && own.retryAfterMs > 0 && ours.retryAfterMs > own.retryAfterMs);
  });
});
