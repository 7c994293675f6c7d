/** Why a pod must be made anew to be as the template says, as data: for events, for the status, for alerts. */
import type { PodTemplate } from '../kube/resources.ts';
import { configVolume, containerName } from '../resources/pod-template.ts';
import { difference } from './difference.ts';

export type RestartReason =
  | 'ImageChanged'
  | 'ConfigChanged'
  | 'ResourcesChanged'
  | 'EnvironmentChanged'
  /** Anything else in the pod. */
  | 'PodChanged'
  /** Nothing of ours differs: somebody asked for it, as `kubectl rollout restart` does. */
  | 'Requested';

type PodSpec = NonNullable<PodTemplate['spec']>;

/** @param spec of a pod, or of the template it was made from */
export function restartReasons(spec: PodSpec | undefined, template: PodTemplate): RestartReason[] {
  const [before, after] = [spec, template.spec].map((one) => partsOf(one));
  const named = (['ImageChanged', 'ConfigChanged', 'ResourcesChanged', 'EnvironmentChanged'] as const).filter(
    (reason) => differs(before?.[reason], after?.[reason]),
  );
  const hasOther = differs(before?.rest, after?.rest) || differs(after?.choices, before?.choices);
  const rest = hasOther ? (['PodChanged'] as const) : [];
  const found = [...named, ...rest];
  return found.length > 0 ? found : ['Requested'];
}

function partsOf(spec: PodSpec | undefined) {
  const container = spec?.containers.find(({ name }) => name === containerName);
  const config = spec?.volumes?.find(({ name }) => name === configVolume);
  return {
    ImageChanged: [container?.image],
    ConfigChanged: [config?.configMap?.name],
    ResourcesChanged: container?.resources ?? {},
    // As a whole: a variable that was taken away is a change too.
    EnvironmentChanged: JSON.stringify(container?.env ?? []),
    choices: choicesIn(spec),
    rest: {
      ...spec,
      containers: [{ ...container, image: '', resources: {}, env: [] }],
      volumes: (spec?.volumes ?? []).filter(({ name }) => name !== configVolume),
    },
  };
}

/** What people may also take away again. Tolerations of the node controller are added by the API server. */
function choicesIn(spec: PodSpec | undefined) {
  const { nodeSelector, priorityClassName, tolerations = [] } = spec ?? {};
  const own = tolerations.filter(({ key = '' }) => !key.startsWith('node.kubernetes.io/'));
  return { nodeSelector, priorityClassName, tolerations: own };
}

/** What the API server filled in, or others added, is no reason. */
const differs = (before: unknown, after: unknown): boolean => difference(before, after) !== undefined;
