import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLogger, logOptions } from './log.ts';

describe('log settings', () => {
  it('are taken in any case', () => {
    const { level, format, unknown } = logOptions({ LOG_LEVEL: 'DEBUG', LOG_FORMAT: 'Json' }, true);
    assert.deepEqual([level, format, unknown], ['debug', 'json', []]);
  });

  it('are info, and what a terminal is for, when not given or empty', () => {
    assert.deepEqual(logOptions({}, true), { level: 'info', format: 'pretty', unknown: [] });
    assert.deepEqual(logOptions({ LOG_LEVEL: '', LOG_FORMAT: '' }, false), {
      level: 'info',
      format: 'json',
      unknown: [],
    });
  });

  it('that are not known give way to the defaults, and the log begins with what would have been', () => {
    const options = logOptions({ LOG_LEVEL: 'verbose', LOG_FORMAT: 'xml' }, false);
    assert.deepEqual([options.level, options.format], ['info', 'json']);
    const lines: string[] = [];
    createLogger({}, options, { write: (line) => lines.push(line) });
    const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      said.map(({ level, variable, value }) => [level, variable, value]),
      [
        ['WARN', 'LOG_LEVEL', 'verbose'],
        ['WARN', 'LOG_FORMAT', 'xml'],
      ],
    );
    assert.match(JSON.stringify(said[0]?.['known']), /"warn"/);
  });
});
