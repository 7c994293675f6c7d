/**
 * Loaded into a scheduler under test before anything else (`--import …?file`): its wall clock is off by as many
 * milliseconds as the file says, which is read again at SIGUSR2. Durations are measured by another clock.
 */
import { readFileSync } from 'node:fs';

const file = decodeURIComponent(new URL(import.meta.url).search.slice(1));
const TrueDate = Date;
let offMs = 0;

function read(): void {
  offMs = Number(readFileSync(file, 'utf8'));
}

class SkewedDate extends TrueDate {
  constructor(...parts: unknown[]) {
    super(...((parts.length === 0 ? [SkewedDate.now()] : parts) as [number]));
  }

  static override now(): number {
    return TrueDate.now() + offMs;
  }
}

read();
process.on('SIGUSR2', read);
globalThis.Date = SkewedDate as DateConstructor;
