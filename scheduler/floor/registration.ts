/** What a node said about itself, and what follows from it. Pure. */
import type { CoreServices } from '../desk/assignment.ts';
import type { HealthCheck } from '../decide/node-lifecycle.ts';
import { errorCodes } from '../protocol/error-codes.ts';
import type { NodeHeartbeat, NodeRegister } from '../protocol/node-messages.ts';
import type { ResourceUsage } from '../protocol/values.ts';

/** The newest of everything a node told. */
export interface NodeFacts {
  readonly register: NodeRegister;
  readonly installedModels: NonNullable<NodeRegister['installed_models']>;
  readonly installedServices: NonNullable<NodeRegister['installed_services']>;
  readonly capabilityState: NonNullable<NodeRegister['capability_state']>;
  readonly capabilityByType: NodeRegister['capability_by_type'];
  readonly usage: ResourceUsage;
}

const idle: ResourceUsage = {
  cpu_percent: 0,
  gpu_percent: undefined,
  gpu_mem_percent: undefined,
  mem_percent: 0,
  running_jobs: 0,
};

const schemaVersions = ['1.0', '2.0'];

export function refusalOf(register: NodeRegister): { code: string; message: string } | undefined {
  const { capability_schema_version: version, hardware } = register;
  if (version !== undefined && !schemaVersions.includes(version)) {
    const message = `capability schema ${JSON.stringify(version)} is not known; use ${schemaVersions.join(' or ')}`;
    return { code: errorCodes.invalidCapabilitySchema, message };
  }
  if (!hardware.gpus?.length) return { code: errorCodes.noGpu, message: 'a node needs at least one GPU' };
  return undefined;
}

export const factsOf = (register: NodeRegister): NodeFacts => ({
  register,
  installedModels: register.installed_models ?? [],
  installedServices: register.installed_services ?? [],
  capabilityState: register.capability_state ?? {},
  capabilityByType: register.capability_by_type,
  usage: idle,
});

/** Each list replaces the one before only when the heartbeat brings it. */
export const withHeartbeat = (facts: NodeFacts, heartbeat: NodeHeartbeat): NodeFacts => ({
  register: facts.register,
  installedModels: heartbeat.installed_models ?? facts.installedModels,
  installedServices: heartbeat.installed_services ?? facts.installedServices,
  capabilityState: heartbeat.capability_state ?? facts.capabilityState,
  capabilityByType: heartbeat.capability_by_type ?? facts.capabilityByType,
  usage: heartbeat.resource_usage,
});

/**
 * Ids of the services that are ready. Schema 1.0: installed and in state `ready`. Schema 2.0 speaks of kinds: a ready
 * kind stands for the configured core service of that kind, and for the implementations it names.
 */
export function readyServices(facts: NodeFacts, core: CoreServices): string[] {
  const { capabilityByType } = facts;
  if (!capabilityByType) return installedIds(facts).filter((id) => facts.capabilityState[id] === 'ready');
  const coreIds: Readonly<Record<string, string>> = {
    asr: core.asr_service_id,
    nmt: core.nmt_service_id,
    tts: core.tts_service_id,
  };
  const ready = capabilityByType.filter((capability) => capability.ready);
  return [
    ...new Set(ready.flatMap(({ type, ready_impl_ids = [] }) => [coreIds[type] ?? type, ...ready_impl_ids])),
  ];
}

export function healthOf(facts: NodeFacts, core: CoreServices): HealthCheck {
  const servicesReady = readyServices(facts, core).length;
  return {
    hasGpu: hasGpu(facts),
    gpuPercent: facts.usage.gpu_percent,
    // A kind that is not ready says nothing about the others, so in schema 2.0 only the ready ones count.
    servicesInstalled: facts.capabilityByType ? servicesReady : installedIds(facts).length,
    servicesReady,
  };
}

export const hasGpu = ({ register }: NodeFacts): boolean => (register.hardware.gpus?.length ?? 0) > 0;

const installedIds = ({ installedServices }: NodeFacts): string[] => [
  ...new Set(installedServices.map(({ service_id }) => service_id)),
];
