/** What every store must do. One suite, run on memory, on a single Redis and on a Redis cluster. */
import { describe } from 'node:test';
import { deadLetterToolsContract } from './dead-letters.ts';
import { groupedJobContract } from './grouped-jobs.ts';
import { withStoreOf, type Factory } from './harness.ts';
import { inboxContract } from './inbox.ts';
import { instanceContract } from './instances.ts';
import { jobContract } from './jobs.ts';
import { nodeContract } from './nodes.ts';
import { reapingContract } from './reaping.ts';
import { resumeContract } from './resume.ts';
import { sessionContract } from './sessions.ts';
import { toldHintContract } from './told-hints.ts';

/** @param tells whether this store hands hints over with the moves */
export function storeContract(name: string, factory: Factory, tells = true): void {
  const withStore = withStoreOf(factory);
  describe(`store contract on ${name}`, () => {
    describe('sessions', () => {
      sessionContract(withStore);
    });
    describe('taking a session over', () => {
      resumeContract(withStore);
    });
    describe('jobs', () => {
      jobContract(withStore);
      groupedJobContract(withStore);
    });
    describe('hints that go with a move', () => {
      toldHintContract(withStore, tells);
    });
    describe('nodes', () => {
      nodeContract(withStore);
    });
    describe('instances', () => {
      instanceContract(withStore);
    });
    describe('dead instances', () => {
      reapingContract(withStore);
    });
    describe('inbox', () => {
      inboxContract(withStore);
    });
    describe('dead letters', () => {
      deadLetterToolsContract(withStore);
    });
  });
}
