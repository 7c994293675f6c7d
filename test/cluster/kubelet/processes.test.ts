import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { replaceFiles } from './atomic-directory.ts';
import { logTail } from './logs.ts';
import { ProcessTable, type Command } from './processes.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'processes-'));
});
after(() => {
  rmSync(directory, { recursive: true });
});

const script = (text: string): Command => ({
  argv: [process.execPath, '-e', text],
  environment: {},
  workingDirectory: directory,
  logFile: join(directory, 'log'),
});

const notes = (name: string): string => join(directory, name);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie answers signals; it has ended all the same.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, 'the condition did not come true');
    await sleep(10);
  }
}

/** A script that starts a grandchild, writes its pid to a file, and goes on. */
const withGrandchild = (file: string): string => `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  require('node:fs').writeFileSync(${JSON.stringify(file)}, String(child.pid));`;

describe('the process table', () => {
  it('reports exit codes, signals and programs that cannot start as a container runtime does', async () => {
    const table = await ProcessTable.open(notes('codes'));
    assert.deepEqual(await table.start(script('process.exit(3)')).exited, { code: 3 });
    const sleeper = table.start(script('setInterval(() => {}, 1000)'));
    sleeper.kill();
    assert.deepEqual(await sleeper.exited, { code: 137 });
    const missing = await table.start({ ...script(''), argv: ['/no/such/program'] }).exited;
    assert.equal(missing.code, 128);
    assert.match(missing.startError ?? '', /ENOENT/);
    assert.equal(table.size, 0);
    assert.deepEqual(readdirSync(notes('codes')), []);
    await table.close();
  });

  it('ends what a process started when the process itself has ended', async () => {
    const table = await ProcessTable.open(notes('orphans'));
    const file = join(directory, 'orphan');
    await table.start(script(`${withGrandchild(file)}; process.exit(0)`)).exited;
    await until(() => !isAlive(Number(readFileSync(file, 'utf8'))));
    await table.close();
  });

  it('ends everything when it closes, also what ignores SIGTERM', async () => {
    const table = await ProcessTable.open(notes('all'));
    const file = join(directory, 'grandchild');
    const stubborn = table.start(script(`process.on('SIGTERM', () => {}); ${withGrandchild(file)}`));
    await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '');
    stubborn.signal('SIGTERM');
    await table.close();
    assert.equal(isAlive(stubborn.pid), false);
    await until(() => !isAlive(Number(readFileSync(file, 'utf8'))));
  });

  it('has everything ended when its own process is killed', async () => {
    const file = join(directory, 'guarded');
    const owner = `
      import { ProcessTable } from ${JSON.stringify(new URL('processes.ts', import.meta.url).href)};
      const table = await ProcessTable.open(${JSON.stringify(notes('guarded-notes'))});
      const logFile = ${JSON.stringify(join(directory, 'guarded.log'))};
      const environment = {};
      const { pid } = table.start({ argv: [process.execPath, '-e', 'setInterval(() => {}, 1000)'], environment, workingDirectory: '/', logFile });
      (await import('node:fs')).writeFileSync(${JSON.stringify(file)}, String(pid));
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', owner], {
      stdio: 'ignore',
    });
    await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '');
    const pid = Number(readFileSync(file, 'utf8'));
    assert.ok(isAlive(pid));
    child.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });

  it('ends what a killed table left behind, and nothing that only has the same pid', async () => {
    const stray = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      detached: true,
      stdio: 'ignore',
    });
    const innocent = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      detached: true,
      stdio: 'ignore',
    });
    await (await ProcessTable.open(notes('strays'))).close();
    const ticks = readFileSync(`/proc/${stray.pid!}/stat`, 'utf8').split(') ')[1]!.split(' ')[19]!;
    writeFileSync(join(notes('strays'), String(stray.pid)), ticks);
    writeFileSync(join(notes('strays'), String(innocent.pid)), '1');
    const table = await ProcessTable.open(notes('strays'));
    await until(() => stray.exitCode !== null || stray.signalCode !== null);
    assert.ok(isAlive(innocent.pid!));
    innocent.kill('SIGKILL');
    await table.close();
  });
});

describe('a directory that changes at once', () => {
  const file = (text: string) => ({ content: Buffer.from(text), mode: 0o640 });
  const read = (path: string) => readFileSync(join(directory, 'volume', path), 'utf8');

  it('shows the new files, hides the old ones and leaves no version behind', async () => {
    const volume = join(directory, 'volume');
    await replaceFiles(
      volume,
      new Map([
        ['a', file('1')],
        ['dir/b', file('2')],
      ]),
      'v1',
    );
    assert.deepEqual([read('a'), read('dir/b'), readlinkSync(join(volume, 'a'))], ['1', '2', '..data/a']);
    await replaceFiles(
      volume,
      new Map([
        ['a', file('3')],
        ['c', file('4')],
      ]),
      'v2',
    );
    assert.deepEqual([read('a'), read('c')], ['3', '4']);
    assert.deepEqual(readdirSync(volume).sort(), ['..data', '..v2', 'a', 'c']);
  });

  it('never shows a reader a mixture of two versions', async () => {
    const volume = join(directory, 'mixed');
    const version = (n: number) => new Map(['a', 'b'].map((name) => [name, file(String(n))]));
    await replaceFiles(volume, version(0), 'v0');
    let done = false;
    const writing = (async () => {
      for (let n = 1; n <= 50; n++) await replaceFiles(volume, version(n), `v${n}`);
      done = true;
    })();
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      const data = join(volume, readlinkSync(join(volume, '..data')));
      const [a, b] = ['a', 'b'].map((name) => {
        try {
          return readFileSync(join(data, name), 'utf8');
        } catch {
          return undefined;
        }
      });
      if (a !== undefined && b !== undefined) assert.equal(a, b);
    }
    await writing;
  });
});

describe('the end of a log', () => {
  it('has at most 2048 bytes and 80 lines', async () => {
    const log = join(directory, 'long');
    writeFileSync(log, 'x\n'.repeat(5000));
    assert.equal((await logTail(log)).split('\n').length, 81);
    writeFileSync(log, 'y'.repeat(5000));
    assert.equal((await logTail(log)).length, 2048);
  });
});
