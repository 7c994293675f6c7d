#!/usr/bin/env node
/** The scheduler's command: reads arguments, environment and configuration, and starts one instance or runs a tool. */
import os from 'node:os';
import { systemClock, systemRandom } from '../common/clock-system.ts';
import { toAppError } from '../common/errors.ts';
import { Lifecycle } from '../common/lifecycle.ts';
import { createLogger, logOptions, type Logger } from '../common/log.ts';
import { LogFile } from '../common/log-file.ts';
import { exitCodes, stopOnSignals } from '../common/signals.ts';
import { version } from '../common/version.ts';
import { environment } from '../common/workload.ts';
import { readArguments, type Arguments } from './arguments.ts';
import type { Config } from './config/schema.ts';
import { resolveInstanceId } from './config/instance-id.ts';
import { loadConfig } from './config/load.ts';
import { drainTiming } from './settings.ts';
import { startScheduler } from './start.ts';
import { checkConfig } from './tools/check-config.ts';
import { deadLetterTool } from './tools/dlq.ts';
import { doctor } from './tools/doctor.ts';
import type { ToolReport } from './tools/report.ts';

const logFormat = logOptions(process.env, process.stdout.isTTY);

/** Says why on stderr, and in the log when that is not read by a person anyway; a refusal is 78, anything else 1. */
function refuse(error: unknown, log?: Logger): never {
  const { code, message } = toAppError(error);
  if (logFormat.format === 'json') log?.fatal({ code, err: error }, 'scheduler cannot go on');
  process.stderr.write(`scheduler: ${message}\n`);
  process.exit(code === 'config' ? exitCodes.config : exitCodes.unclean);
}

function logFileOf(
  { file, max_file_bytes: maxBytes, max_files: maxFiles }: Config['log'],
  onTrouble: (what: string) => void,
): LogFile | undefined {
  return file === '' ? undefined : new LogFile({ file, maxBytes, maxFiles, clock: systemClock, onTrouble });
}

async function run(configPath: string | undefined): Promise<void> {
  const startedAt = systemClock.now();
  const boot = systemRandom.id();
  const { config, path, sha256, ineffective } = await loadConfig(configPath);
  const pod = { name: process.env[environment.podName], index: process.env[environment.podIndex] };
  const host = { hostname: os.hostname(), pid: process.pid };
  const instanceId = resolveInstanceId(config.scheduler.phase2.instance_id, pod, { ...host, boot });

  const file = logFileOf(config.log, (what) => {
    log.warn({ file: config.log.file, what }, 'log file');
  });
  const log = createLogger({ instance: instanceId }, logFormat, file);
  log.info({ version, config: path ?? 'built-in defaults' }, 'scheduler starting');
  if (path === undefined) log.warn('no configuration file was found; using the built-in defaults');
  if (ineffective.length > 0)
    log.warn({ keys: ineffective }, 'configuration keys without effect in this version');

  const lifecycle = new Lifecycle({ clock: systemClock, log, graceMs: drainTiming(config).stopMs });
  if (file) lifecycle.onStop('log file', () => file.close());
  stopOnSignals(lifecycle, log);
  const onFatal = (error: unknown) => refuse(error, log);
  await startScheduler({
    config,
    configSha256: sha256,
    identity: { instanceId, boot, podUid: process.env[environment.podUid] ?? boot },
    presence: { instance_id: instanceId, started_at: startedAt, ...host, version },
    host: process.env[environment.bindAddress] ?? config.server.host,
    adminTokenFile: process.env[environment.adminTokenFile],
    modelHubUrl: process.env[environment.modelHubUrl] || undefined,
    clock: systemClock,
    random: systemRandom,
    log,
    lifecycle,
    onFatal,
  }).catch(onFatal);
}

/** Prints a tool's report whole before it ends: a pipe may take it in pieces. */
async function finish({ exitCode, output }: ToolReport): Promise<never> {
  await new Promise((resolve) => process.stdout.write(output, resolve));
  process.exit(exitCode);
}

const toolDeps = async (configPath: string | undefined) => {
  const { config } = await loadConfig(configPath);
  return { config, clock: systemClock, random: systemRandom };
};

async function main(asked: Arguments): Promise<void> {
  switch (asked.kind) {
    case 'run':
      return run(asked.config);
    case 'check-config':
      return finish(await checkConfig(asked.files, asked.json));
    case 'doctor': {
      const deps = await toolDeps(asked.config);
      return finish(
        await doctor({ ...deps, adminTokenFile: process.env[environment.adminTokenFile] }, asked.json),
      );
    }
    case 'dlq':
      return finish(await deadLetterTool(asked.request, asked.json, await toolDeps(asked.config)));
    case 'help':
      return finish({ exitCode: exitCodes.ok, output: asked.text });
    case 'version':
      return finish({ exitCode: exitCodes.ok, output: `${version}\n` });
  }
}

try {
  await main(readArguments(process.argv.slice(2)));
} catch (error) {
  refuse(error);
}
