import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FakeClock } from '../test/fakes/clock.ts';
import { eventually } from '../test/support/eventually.ts';
import { LogFile } from './log-file.ts';

describe('a log file', () => {
  let directory: string;
  let clock: FakeClock;
  let trouble: string[];
  let logs: LogFile[];

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'lingua-log-'));
    clock = new FakeClock();
    trouble = [];
    logs = [];
  });
  afterEach(async () => {
    await Promise.all(logs.map((log) => log.close()));
    rmSync(directory, { recursive: true, force: true });
  });

  const open = (file: string, maxBytes = 10_000, maxFiles = 3): LogFile => {
    const log = new LogFile({ file, maxBytes, maxFiles, clock, onTrouble: (what) => trouble.push(what) });
    logs.push(log);
    return log;
  };
  const contentOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

  it('is made with its directory, and continued when it is there already', async () => {
    const file = path.join(directory, 'logs', 'scheduler.log');
    const first = open(file);
    first.write('one\n');
    await first.close();
    const second = open(file);
    second.write('two\n');
    await second.close();
    assert.equal(contentOf(file), 'one\ntwo\n');
    assert.deepEqual(trouble, []);
  });

  it('is put aside by size, keeps as many files as it may, and loses no line that fits', async () => {
    const file = path.join(directory, 'scheduler.log');
    const log = open(file, 10_000, 3);
    const line = (n: number) => `${String(n).padStart(99, '.')}\n`;
    for (let n = 0; n < 1000; n++) {
      log.write(line(n));
      // As a program does, which logs over time and not all at once.
      if (n % 50 === 0)
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
    }
    await log.close();
    assert.deepEqual(readdirSync(directory).sort(), ['scheduler.log', 'scheduler.log.1', 'scheduler.log.2']);
    const kept = ['.2', '.1', ''].map((end) => contentOf(`${file}${end}`)).join('');
    const numbers = kept
      .trimEnd()
      .split('\n')
      .map((text) => Number(text.replaceAll('.', '')));
    assert.deepEqual(
      numbers,
      Array.from({ length: numbers.length }, (_, at) => 1000 - numbers.length + at),
    );
    assert.ok(numbers.length >= 100);
    assert.equal(log.lost, 0);
  });

  it('drops lines while it cannot be opened, says so once, and goes on when it can', async () => {
    const blocked = path.join(directory, 'logs');
    writeFileSync(blocked, 'a file where the directory should be');
    const file = path.join(blocked, 'scheduler.log');
    const log = open(file);
    for (let n = 0; n < 100; n++) log.write('lost\n');
    assert.equal(trouble.length, 1);
    assert.match(trouble[0] ?? '', /cannot be written/);
    rmSync(blocked);
    log.write('still lost: it is not tried all the time\n');
    await clock.advance(5000);
    log.write('here\n');
    await eventually('the line', () => contentOf(file) === 'here\n');
    assert.match(trouble[1] ?? '', /written again; (1 line was|\d+ lines were) lost/);
    assert.equal(log.lost, 0);
  });

  it('is made again when somebody removes its directory', async () => {
    const file = path.join(directory, 'logs', 'scheduler.log');
    const log = open(file);
    log.write('one\n');
    await eventually('the line', () => contentOf(file) === 'one\n');
    rmSync(path.dirname(file), { recursive: true });
    await clock.advance(5000);
    log.write('into the removed file\n');
    await eventually('it is noticed', () => trouble.length > 0);
    await clock.advance(5000);
    log.write('two\n');
    await eventually('the line', () => contentOf(file).endsWith('two\n'));
  });

  it('survives a disk that is full', async () => {
    const log = open('/dev/full');
    for (let n = 0; n < 100; n++) log.write('x'.repeat(1000));
    await eventually('it is noticed', () => trouble.length > 0);
    assert.match(trouble[0] ?? '', /ENOSPC|cannot be written/);
    await clock.advance(5000);
    log.write('again\n');
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  });

  it('is not readable for everybody', async () => {
    const file = path.join(directory, 'scheduler.log');
    chmodSync(directory, 0o755);
    const log = open(file);
    log.write('one\n');
    await log.close();
    assert.equal(statSync(file).mode & 0o007, 0);
  });
});
