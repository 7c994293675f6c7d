/**
 * The Pod Security Standards as rules on a pod spec: what a pod must not ask for at the level `baseline`, and what else it must say
 * at `restricted`. Pure; in the order and words of the admission plugin of the API server, for Linux containers.
 */
import {
  at,
  listAt,
  objectAt,
  objectsAt,
  stringAt,
  stringsAt,
  type JsonObject,
} from '../../../../operator/schema/json.ts';
import { containersOf } from '../kinds/pod-defaults.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';

/** What a pod breaks; empty when it may run. */
export function violationsOf(spec: JsonObject, level: Level): string[] {
  if (level === 'privileged') return [];
  return checks[level].flatMap((check) => check(spec) ?? []);
}

type Check = (spec: JsonObject) => string | undefined;

const quoted = (values: readonly string[]): string => values.map((value) => JSON.stringify(value)).join(', ');

/** `container "a"` or `containers "a", "b"`. */
const named = (what: string, items: readonly JsonObject[]): string =>
  `${what}${items.length > 1 ? 's' : ''} ${quoted(items.map((item) => stringAt(item, 'name') ?? ''))}`;

const securityOf = (object: JsonObject): JsonObject => objectAt(object, 'securityContext') ?? {};

/** Containers whose own security context is wrong. */
const perContainer =
  (label: string, must: string, breaks: (security: JsonObject, container: JsonObject) => boolean): Check =>
  (spec) => {
    const bad = containersOf(spec).filter((container) => breaks(securityOf(container), container));
    return bad.length === 0 ? undefined : `${label} (${named('container', bad)} ${must})`;
  };

/** The pod and the containers, each with a security context that may be wrong. */
const perContext =
  (label: string, must: string, breaks: (security: JsonObject) => boolean): Check =>
  (spec) => {
    const bad = containersOf(spec).filter((container) => breaks(securityOf(container)));
    const who = [
      ...(breaks(securityOf(spec)) ? ['pod'] : []),
      ...(bad.length > 0 ? [named('container', bad)] : []),
    ];
    return who.length === 0 ? undefined : `${label} (${who.join(' and ')} ${must})`;
  };

/** Something that each container must have said, itself or through its pod. */
const said =
  (label: string, must: string, path: readonly string[], allowed: readonly unknown[]): Check =>
  (spec) => {
    const bad = containersOf(spec).filter(
      (container) => !allowed.includes(at(securityOf(container), ...path) ?? at(securityOf(spec), ...path)),
    );
    return bad.length === 0 ? undefined : `${label} (pod or ${named('container', bad)} must set ${must})`;
  };

const added = (container: JsonObject): string[] =>
  stringsAt(securityOf(container), 'capabilities', 'add').sort();

/** Capabilities beyond those that may be added, of all containers together. */
function addedBeyond(spec: JsonObject, allowed: ReadonlySet<string>): string | undefined {
  const isMore = (capability: string): boolean => !allowed.has(capability);
  const bad = containersOf(spec).filter((container) => added(container).some(isMore));
  const more = [...new Set(bad.flatMap(added).filter(isMore))].sort();
  if (bad.length === 0) return undefined;
  return `${named('container', bad)} must not include ${quoted(more)} in securityContext.capabilities.add`;
}

const unconfined = ({ seccompProfile }: JsonObject): boolean =>
  stringAt(seccompProfile, 'type') === 'Unconfined';

const seccompUnconfined = perContext(
  'seccompProfile',
  'must not set securityContext.seccompProfile.type to "Unconfined"',
  unconfined,
);

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'];
const hooks = ['postStart', 'preStop'];

/** Hosts other than the pod itself that the kubelet would be sent to. */
function hostsOf(container: JsonObject): string[] {
  const handlers = [
    ...probes.map((probe) => objectAt(container, probe)),
    ...hooks.map((hook) => objectAt(container, 'lifecycle', hook)),
  ];
  return handlers.flatMap((handler) =>
    ['httpGet', 'tcpSocket'].flatMap((kind) => stringAt(handler, kind, 'host') ?? []),
  );
}

/** The type may be one of a few; a user and a role may not be named. */
function seLinuxFaults(security: JsonObject): string[] {
  const { type, user, role } = objectAt(security, 'seLinuxOptions') ?? {};
  const types = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'];
  return [
    ...(typeof type === 'string' && !types.includes(type) ? [`type ${JSON.stringify(type)}`] : []),
    ...(user ? ['user may not be set'] : []),
    ...(role ? ['role may not be set'] : []),
  ];
}

const harmlessSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
]);

const appArmor: Check = perContext(
  'forbidden AppArmor profile',
  'must not set AppArmor profile type to "Unconfined"',
  ({ appArmorProfile }) => stringAt(appArmorProfile, 'type') === 'Unconfined',
);

const hostNamespaces: Check = (spec) => {
  const shared = ['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => spec[field] === true);
  return shared.length === 0
    ? undefined
    : `host namespaces (${shared.map((field) => `${field}=true`).join(', ')})`;
};

const hostPorts: Check = (spec) => {
  const portsOf = (container: JsonObject): number[] =>
    objectsAt(container, 'ports').flatMap(({ hostPort }) => (hostPort ? [Number(hostPort)] : []));
  const bad = containersOf(spec).filter((container) => portsOf(container).length > 0);
  const ports = [...new Set(bad.flatMap(portsOf))].sort((a, b) => a - b);
  const uses = `use${bad.length > 1 ? '' : 's'} hostPort${ports.length > 1 ? 's' : ''}`;
  return bad.length === 0 ? undefined : `hostPort (${named('container', bad)} ${uses} ${ports.join(', ')})`;
};

const probeHosts: Check = (spec) => {
  const bad = containersOf(spec).filter((container) => hostsOf(container).length > 0);
  const hosts = [...new Set(bad.flatMap(hostsOf))].sort();
  const uses = `use${bad.length > 1 ? '' : 's'} probe or lifecycle host${hosts.length > 1 ? 's' : ''}`;
  return bad.length === 0
    ? undefined
    : `probe or lifecycle host (${named('container', bad)} ${uses} ${quoted(hosts)})`;
};

const privileged: Check = perContainer(
  'privileged',
  'must not set securityContext.privileged=true',
  (security) => security['privileged'] === true,
);

const seLinux: Check = (spec) => {
  const bad = containersOf(spec).filter((container) => seLinuxFaults(securityOf(container)).length > 0);
  const ofPod = seLinuxFaults(securityOf(spec));
  const who = [...(ofPod.length > 0 ? ['pod'] : []), ...(bad.length > 0 ? [named('container', bad)] : [])];
  const faults = new Set([...ofPod, ...bad.flatMap((container) => seLinuxFaults(securityOf(container)))]);
  return who.length === 0
    ? undefined
    : `seLinuxOptions (${who.join(' and ')} set forbidden securityContext.seLinuxOptions: ${[...faults].join('; ')})`;
};

const sysctls: Check = (spec) => {
  const names = objectsAt(securityOf(spec), 'sysctls').flatMap((sysctl) => stringAt(sysctl, 'name') ?? []);
  const bad = names.filter((name) => !harmlessSysctls.has(name));
  return bad.length === 0 ? undefined : `forbidden sysctls (${bad.join(', ')})`;
};

const hostProcess: Check = perContext(
  'hostProcess',
  'must not set securityContext.windowsOptions.hostProcess=true',
  ({ windowsOptions }) => at(windowsOptions, 'hostProcess') === true,
);

const defaultCapabilities = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
]);

const baselineCapabilities: Check = (spec) => {
  const more = addedBeyond(spec, defaultCapabilities);
  return more === undefined ? undefined : `non-default capabilities (${more})`;
};

const hostPaths: Check = (spec) => {
  const bad = objectsAt(spec, 'volumes').filter(({ hostPath }) => hostPath !== undefined);
  return bad.length === 0 ? undefined : `hostPath volumes (${named('volume', bad)})`;
};

const allowedVolumes = new Set([
  ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image'],
  ...['persistentVolumeClaim', 'projected', 'secret'],
]);

const volumeType = (volume: JsonObject): string =>
  Object.keys(volume).find((field) => field !== 'name') ?? 'emptyDir';

const escalation: Check = perContainer(
  'allowPrivilegeEscalation != false',
  'must set securityContext.allowPrivilegeEscalation=false',
  (security) => security['allowPrivilegeEscalation'] !== false,
);

const capabilities: Check = (spec) => {
  const undropped = containersOf(spec).filter(
    (container) => !listAt(securityOf(container), 'capabilities', 'drop').includes('ALL'),
  );
  const must = `${named('container', undropped)} must set securityContext.capabilities.drop=["ALL"]`;
  const more = addedBeyond(spec, new Set(['NET_BIND_SERVICE']));
  const faults = [...(undropped.length > 0 ? [must] : []), ...(more === undefined ? [] : [more])];
  return faults.length === 0 ? undefined : `unrestricted capabilities (${faults.join('; ')})`;
};

const procMount: Check = perContainer(
  'procMount',
  'must not set securityContext.procMount to "Unmasked"',
  (security) => security['procMount'] === 'Unmasked',
);

const volumes: Check = (spec) => {
  const bad = objectsAt(spec, 'volumes').filter((volume) => !allowedVolumes.has(volumeType(volume)));
  const types = [...new Set(bad.map(volumeType))].sort();
  const use = `use${bad.length > 1 ? '' : 's'} restricted volume type${types.length > 1 ? 's' : ''}`;
  return bad.length === 0
    ? undefined
    : `restricted volume types (${named('volume', bad)} ${use} ${quoted(types)})`;
};

const nonRoot: Check = said(
  'runAsNonRoot != true',
  'securityContext.runAsNonRoot=true',
  ['runAsNonRoot'],
  [true],
);

const rootUser: Check = perContext(
  'runAsUser=0',
  'must not set runAsUser=0',
  ({ runAsUser }) => runAsUser === 0,
);

const seccomp: Check = (spec) =>
  seccompUnconfined(spec) ??
  said(
    'seccompProfile',
    'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
    ['seccompProfile', 'type'],
    ['RuntimeDefault', 'Localhost'],
  )(spec);

/** `restricted` asks what `baseline` does, or more of the same, and then what is its own. */
const checks: Readonly<Record<'baseline' | 'restricted', readonly Check[]>> = {
  baseline: [
    ...[appArmor, baselineCapabilities, hostNamespaces, hostPaths, hostPorts, probeHosts, privileged],
    ...[seLinux, seccompUnconfined, sysctls, hostProcess],
  ],
  restricted: [
    ...[appArmor, hostNamespaces, hostPorts, probeHosts, privileged, seLinux, sysctls, hostProcess],
    ...[escalation, capabilities, procMount, volumes, nonRoot, rootUser, seccomp],
  ],
};
