import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AppError } from '../../common/errors.ts';
import { loadConfig, parseConfig } from './load.ts';
import { knownPaths } from './nearest-key.ts';
import { Config, ineffectiveKeys } from './schema.ts';

const refusal = (text: string): string => {
  try {
    parseConfig(text, 'config.toml');
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === 'config');
    return error.message;
  }
  throw new Error('the text was accepted');
};

describe('config.toml', () => {
  it('accepts the file of the guide word for word', () => {
    const { config } = parseConfig(guideFile, 'config.toml');
    assert.equal(config.server.port, 5010);
    assert.equal(config.scheduler.phase2.instance_id, 'scheduler-1');
    assert.equal(config.scheduler.phase2.redis.key_prefix, 'lingua-prod');
    assert.equal(config.scheduler.phase2.dlq_max_deliveries, 10);
  });

  it('fills an empty file with the defaults of the guide', () => {
    const { config } = parseConfig('', 'config.toml');
    assert.deepEqual(config.scheduler.job_timeout, {
      pending_timeout_seconds: 10,
      failover_max_attempts: 3,
      scan_interval_ms: 1000,
      send_cancel: true,
    });
    assert.equal(config.scheduler.load_balancer.resource_threshold, 25);
    assert.equal(config.scheduler.core_services.nmt_service_id, 'nmt-m2m100');
  });

  it('takes any free port for both servers', () => {
    assert.equal(parseConfig('[server]\nport = 0\n[admin]\nport = 0', 'config.toml').config.admin.port, 0);
  });

  it('has phase 2 and its dead letters on, whether their table is written or not', () => {
    for (const text of ['', '[scheduler.phase2]\nowner_ttl_seconds = 45']) {
      const { phase2 } = parseConfig(text, 'config.toml').config.scheduler;
      assert.deepEqual([phase2.enabled, phase2.dlq_enabled], [true, true]);
    }
  });

  const faults: readonly [title: string, text: string, expected: RegExp][] = [
    [
      'a misspelt key, with its line and the key it was meant to be',
      '[scheduler.phase2]\nenabled = true\nowner_ttl_second = 45',
      /config\.toml:3: scheduler\.phase2\.owner_ttl_second: there is no such key; did you mean scheduler\.phase2\.owner_ttl_seconds\?/,
    ],
    [
      'a key in the wrong table, with the right one',
      '[scheduler]\nkey_prefix = "x"',
      /config\.toml:2: .*did you mean scheduler\.phase2\.redis\.key_prefix\?/,
    ],
    [
      'an instance id that nobody filled in',
      '[scheduler.phase2]\ninstance_id = "${INSTANCE_ID}"',
      /config\.toml:2: scheduler\.phase2\.instance_id: found "\$\{INSTANCE_ID\}", allowed is the id itself or "auto": it was never filled in/,
    ],
    [
      'a shell variable for an instance id',
      '[scheduler.phase2]\ninstance_id = "$HOSTNAME"',
      /\(1 fault\)[^]*was never filled in/,
    ],
    [
      'an instance id with spaces',
      '[scheduler.phase2]\ninstance_id = "a b"',
      /instance_id: found "a b", allowed is letters, digits and _ \. : - only, or "auto"/,
    ],
    [
      'an instance id of more than 128 characters',
      `[scheduler.phase2]\ninstance_id = "${'x'.repeat(129)}"`,
      /instance_id: .*at most 128 characters/,
    ],
    [
      'the port of the admin API for everything else',
      '[server]\nport = 5011',
      /:2: server\.port: found 5011, allowed is two different ports for \[server\] and \[admin\]/,
    ],
    [
      'the port of everything else for the admin API',
      '[admin]\nport = 5010',
      /:2: admin\.port: found 5010, /,
    ],
    ['a misspelt table', '[schedular]\njob_timeout_seconds = 1', /:1: schedular: .*did you mean scheduler\?/],
    [
      'a number out of bounds, with the bound',
      '[server]\nport = 70000',
      /:2: server\.port: found 70000, allowed is 65535 or less/,
    ],
    ['a wrong type', '[server]\nport = "5010"', /:2: server\.port: found "5010", allowed is a number/],
    [
      'a fraction where a whole number is due',
      '[server]\nport = 1.5',
      /found 1\.5, allowed is a whole number/,
    ],
    [
      'an unknown choice, with the choices',
      '[scheduler.phase2.redis]\nmode = "sentinel"',
      /found "sentinel", allowed is "single" or "cluster"/,
    ],
    [
      'a key prefix that would break hash tags',
      '[scheduler.phase2.redis]\nkey_prefix = "a{b}"',
      /letters, digits and _ \. : - only/,
    ],
    [
      'a fault in an inline table',
      '[scheduler]\nphase2 = { stream_count = 0 }',
      /:2: scheduler\.phase2\.stream_count/,
    ],
    [
      'a fault after a multi-line text',
      'x = """\n[server]\n"""\n[server]\nport = -1',
      /config\.toml:5: server\.port/,
    ],
    ['broken TOML, with line and column', '[server\nport = 1', /config\.toml:\d+:\d+: /],
    ['the same key twice', '[server]\nport = 1\nport = 2', /config\.toml:3:\d+: /],
  ];
  for (const [title, text, expected] of faults) {
    it(`refuses ${title}`, () => {
      assert.match(refusal(text), expected);
    });
  }

  it('names all faults at once, in the order of their lines', () => {
    const message = refusal('[server]\nport = -1\n[scheduler]\njob_timeout_seconds = "x"\nunknown = 1');
    assert.match(message, /3 faults/);
    const lines = [...message.matchAll(/config\.toml:(\d+):/g)].map((match) => Number(match[1]));
    assert.deepEqual(lines, [2, 4, 5]);
  });

  it('never repeats the password of a Redis URL', () => {
    const message = refusal('[scheduler.phase2.redis]\nurl = "http://user:secret@host:6379"');
    assert.doesNotMatch(message, /secret/);
  });

  it('is not fooled by keys that objects have by themselves', () => {
    assert.match(refusal('[scheduler]\nconstructor = 1\ntoString = 1'), /2 faults/);
  });

  it('names the keys that a file sets without effect, and no others', () => {
    assert.deepEqual(parseConfig('[scheduler.task_binding]\nreserved_ttl_seconds = 5', 'c').ineffective, [
      'scheduler.task_binding.reserved_ttl_seconds',
    ]);
    assert.deepEqual(parseConfig('[scheduler]\njob_timeout_seconds = 3', 'c').ineffective, []);
    const known = new Set(knownPaths(Config));
    assert.deepEqual(
      ineffectiveKeys.filter((key) => !known.has(key)),
      [],
    );
  });

  it('refuses a file that was asked for and is not there, by its path', async () => {
    await assert.rejects(loadConfig('/nowhere/config.toml'), /\/nowhere\/config\.toml cannot be read/);
  });
});

const guideFile = `
[server]
port = 5010
host = "0.0.0.0"

[model_hub]
base_url = "http://your-model-hub:5000"
storage_path = "./models"

[scheduler]
max_concurrent_jobs_per_node = 4
job_timeout_seconds = 30
heartbeat_interval_seconds = 15

[scheduler.phase2]
# 启用 Phase 2 多实例支持
enabled = true
# 重要：每个实例必须使用唯一的 instance_id
instance_id = "scheduler-1"
owner_ttl_seconds = 45
stream_block_ms = 1000
stream_count = 64
stream_group = "scheduler"
stream_maxlen = 10000

# DLQ 配置
dlq_enabled = true
dlq_maxlen = 10000
dlq_max_deliveries = 10
dlq_min_idle_ms = 60000
dlq_scan_interval_ms = 5000
dlq_scan_count = 100

[scheduler.phase2.redis]
mode = "single"
url = "redis://your-redis-host:6379"
key_prefix = "lingua-prod"

[scheduler.phase2.node_snapshot]
enabled = true
presence_ttl_seconds = 45
refresh_interval_ms = 2000
remove_stale_after_seconds = 600
`;
