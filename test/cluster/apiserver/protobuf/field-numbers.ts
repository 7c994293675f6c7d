/**
 * Field numbers of the messages that kubectl's typed commands write (`create namespace`, `auth can-i`, `drain`, …). Fields
 * stand in the order of their numbers; `n:` continues from n. Names and types come from the models.
 */
const numbered: Readonly<Record<string, string>> = {
  V1ObjectMeta:
    'name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds labels annotations ownerReferences finalizers 17:managedFields',
  V1OwnerReference: 'kind 3:name uid apiVersion controller blockOwnerDeletion',
  V1LabelSelector: 'matchLabels matchExpressions',
  V1LabelSelectorRequirement: 'key operator values',
  V1DeleteOptions:
    'gracePeriodSeconds preconditions orphanDependents propagationPolicy dryRun ignoreStoreReadErrorWithClusterBreakingPotential',
  V1Preconditions: 'uid resourceVersion',
  V1Namespace: 'metadata spec status',
  V1NamespaceSpec: 'finalizers',
  V1ConfigMap: 'metadata data binaryData immutable',
  V1Secret: 'metadata data type stringData immutable',
  V1ServiceAccount: 'metadata secrets imagePullSecrets automountServiceAccountToken',
  V1LocalObjectReference: 'name',
  V1Service: 'metadata spec status',
  V1ServiceSpec:
    'ports selector clusterIP type externalIPs 7:sessionAffinity loadBalancerIP loadBalancerSourceRanges externalName externalTrafficPolicy healthCheckNodePort publishNotReadyAddresses sessionAffinityConfig 17:ipFamilyPolicy clusterIPs ipFamilies allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy trafficDistribution',
  V1ServicePort: 'name protocol port targetPort nodePort appProtocol',
  V1PodTemplateSpec: 'metadata spec',
  V1PodSpec:
    'volumes containers restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName serviceAccount nodeName hostNetwork hostPID hostIPC securityContext imagePullSecrets hostname subdomain affinity schedulerName initContainers automountServiceAccountToken tolerations hostAliases priorityClassName priority dnsConfig shareProcessNamespace readinessGates runtimeClassName enableServiceLinks preemptionPolicy overhead topologySpreadConstraints ephemeralContainers setHostnameAsFQDN os hostUsers schedulingGates resourceClaims resources hostnameOverride 43:schedulingGroup evictionResponders',
  V1Container:
    'name image command args workingDir ports env resources volumeMounts livenessProbe readinessProbe lifecycle terminationMessagePath imagePullPolicy securityContext stdin stdinOnce tty envFrom terminationMessagePolicy volumeDevices startupProbe resizePolicy restartPolicy restartPolicyRules',
  V1ContainerPort: 'name hostPort containerPort protocol hostIP',
  V1EnvVar: 'name value valueFrom',
  V1ResourceRequirements: 'limits requests claims',
  V1Deployment: 'metadata spec status',
  V1DeploymentSpec:
    'replicas selector template strategy minReadySeconds revisionHistoryLimit paused 9:progressDeadlineSeconds',
  V1DeploymentStrategy: 'type rollingUpdate',
  V1RollingUpdateDeployment: 'maxUnavailable maxSurge',
  V1PodDisruptionBudget: 'metadata spec status',
  V1PodDisruptionBudgetSpec: 'minAvailable selector maxUnavailable unhealthyPodEvictionPolicy',
  V1Eviction: 'metadata deleteOptions',
  V1Role: 'metadata rules',
  V1ClusterRole: 'metadata rules aggregationRule',
  V1RoleBinding: 'metadata subjects roleRef',
  V1ClusterRoleBinding: 'metadata subjects roleRef',
  V1PolicyRule: 'verbs apiGroups resources resourceNames nonResourceURLs',
  RbacV1Subject: 'kind apiGroup name namespace',
  V1RoleRef: 'apiGroup kind name',
  V1SelfSubjectAccessReview: 'metadata spec status',
  V1SelfSubjectAccessReviewSpec: 'resourceAttributes nonResourceAttributes',
  V1SubjectAccessReview: 'metadata spec status',
  V1SubjectAccessReviewSpec: 'resourceAttributes nonResourceAttributes user groups extra uid',
  V1ResourceAttributes: 'namespace verb group version resource subresource name fieldSelector labelSelector',
  V1NonResourceAttributes: 'path verb',
  V1SelfSubjectRulesReview: 'metadata spec status',
  V1SelfSubjectRulesReviewSpec: 'namespace',
  V1SelfSubjectReview: 'metadata status',
  AuthenticationV1TokenRequest: 'metadata spec status',
  V1TokenRequestSpec: 'audiences 3:boundObjectRef expirationSeconds attestations',
  V1BoundObjectReference: 'kind apiVersion name uID',
  V1Scale: 'metadata spec status',
  V1ScaleSpec: 'replicas',
};

const tables = new Map<string, ReadonlyMap<number, string>>();

/** Number to field name; undefined for a message that is never written. */
export function fieldNumbers(model: string): ReadonlyMap<number, string> | undefined {
  const known = tables.get(model);
  const text = numbered[model];
  if (known || text === undefined) return known;
  const table = parse(text);
  tables.set(model, table);
  return table;
}

function parse(text: string): Map<number, string> {
  const table = new Map<number, string>();
  let next = 1;
  for (const word of text.split(' ')) {
    const [, number, field = ''] = /^(?:(\d+):)?(.+)$/.exec(word) ?? [];
    if (number !== undefined) next = Number(number);
    table.set(next, field);
    next += 1;
  }
  return table;
}
