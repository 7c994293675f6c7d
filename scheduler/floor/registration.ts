/** What a node said about itself, and what follows from it. Pure. */
import type { CoreServices } from '../desk/assignment.ts';
import { languagesOf, type NodeLanguages } from '../decide/languages.ts';
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
  readonly languageCapabilities: NodeRegister['language_capabilities'];
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
  languageCapabilities: register.language_capabilities,
  usage: idle,
});

/** Each list replaces the one before only when the heartbeat brings it. */
export const withHeartbeat = (facts: NodeFacts, heartbeat: NodeHeartbeat): NodeFacts => ({
  register: facts.register,
  installedModels: heartbeat.installed_models ?? facts.installedModels,
  installedServices: heartbeat.installed_services ?? facts.installedServices,
  capabilityState: heartbeat.capability_state ?? facts.capabilityState,
  capabilityByType: heartbeat.capability_by_type ?? facts.capabilityByType,
  languageCapabilities: heartbeat.language_capabilities ?? facts.languageCapabilities,
  usage: heartbeat.resource_usage,
});

/** Whether any of it bears on what the node can do; most heartbeats only tell how busy it is. */
export const tellsCapability = (heartbeat: NodeHeartbeat): boolean =>
  heartbeat.installed_models !== undefined ||
  heartbeat.installed_services !== undefined ||
  heartbeat.capability_state !== undefined ||
  heartbeat.capability_by_type !== undefined ||
  heartbeat.language_capabilities !== undefined;

/** What a node can do, as long as it says nothing new. */
export interface Offer {
  readonly services: readonly string[];
  readonly languages: NodeLanguages | undefined;
}

export const offerOf = (facts: NodeFacts, core: CoreServices): Offer => ({
  services: readyServices(facts, core),
  languages: spokenLanguages(facts),
});

/**
 * Ids of the services that are ready. Schema 1.0: installed and in state `ready`. Schema 2.0 speaks of kinds: a ready
 * kind stands for the configured core service of that kind, and for the implementations it names or, when it names none,
 * for those that are installed.
 */
export function readyServices(facts: NodeFacts, core: CoreServices): string[] {
  const { capabilityByType, capabilityState, installedServices } = facts;
  const stated = installedIds(facts).filter((id) => capabilityState[id] === 'ready');
  if (!capabilityByType) return stated;
  const coreIds: Readonly<Record<string, string>> = {
    asr: core.asr_service_id,
    nmt: core.nmt_service_id,
    tts: core.tts_service_id,
  };
  const byKind = capabilityByType
    .filter(({ ready }) => ready)
    .flatMap(({ type, ready_impl_ids }) => {
      const installed = installedServices.filter((service) => service.type === type);
      return [coreIds[type] ?? type, ...(ready_impl_ids ?? installed.map(({ service_id }) => service_id))];
    });
  return [...new Set([...byKind, ...stated])].filter((id) => id !== '');
}

/** Undefined when the node said nothing of languages. What it says by step counts before what its models are named for. */
export function spokenLanguages({
  languageCapabilities,
  installedModels,
}: NodeFacts): NodeLanguages | undefined {
  const models = installedModels.filter(({ enabled }) => enabled !== false);
  const of = (kind: string) => models.filter((model) => model.kind === kind);
  const told = languageCapabilities;
  return languagesOf({
    recognises: told?.asr_languages ?? told?.asr_langs ?? allOf(of('asr').map(({ src_lang }) => src_lang)),
    speaks:
      told?.tts_languages ??
      told?.tts_langs ??
      allOf(of('tts').map(({ tgt_lang, src_lang }) => tgt_lang ?? src_lang)),
    translates: (told?.nmt_pairs ?? allOf(of('nmt').map(directionOf)))?.map((pair) => ({
      source: pair.src_lang,
      target: pair.tgt_lang,
    })),
  });
}

/** One model that is named for no language can do any, so the others limit nothing. */
function allOf<Told>(told: readonly (Told | undefined)[]): readonly Told[] | undefined {
  const known = told.filter((one) => one !== undefined);
  return known.length === told.length && known.length > 0 ? known : undefined;
}

type Model = NodeFacts['installedModels'][number];
const directionOf = (model: Model): Pick<Model, 'src_lang' | 'tgt_lang'> | undefined =>
  model.src_lang === undefined && model.tgt_lang === undefined ? undefined : model;

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
