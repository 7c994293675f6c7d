/** Two wishes that between them ask for everything that a fleet can be made of. */
import type { Wish } from './sample.ts';

export const everything: Wish = {
  replicas: 3,
  imagePullPolicy: 'Always',
  imagePullSecrets: [{ name: 'registry' }],
  redis: {
    mode: 'cluster',
    clusterUrls: ['rediss://a:7000', 'rediss://b:7001'],
    keyPrefix: 'lingua-staging',
    authSecretRef: { name: 'redis-user', usernameKey: 'user' },
    tls: { caSecretRef: { name: 'redis-ca' } },
  },
  config: {
    scheduler: {
      resultHoldSeconds: 5,
      nodeGraceSeconds: 4,
      jobTimeout: { pendingTimeoutSeconds: 20 },
      loadBalancer: {},
      nodeHealth: { failureThreshold: { windowSize: 10 } },
      modelNotAvailable: {},
      coreServices: { asrServiceId: 'whisper' },
      phase2: { streamMaxlen: 500 },
    },
    limits: { maxSessions: 50 },
  },
  drain: { timeoutSeconds: 120 },
  rollout: { canary: { replicas: 2, soakSeconds: 600, promotion: 'Manual', limits: { dlqLength: 5 } } },
  service: {
    type: 'LoadBalancer',
    sessionAffinity: 'ClientIP',
    annotations: { 'cloud.example/lb': 'internal' },
  },
  resources: { requests: { cpu: '1000m', memory: '1024Mi' }, limits: { cpu: 2, memory: '2048Mi' } },
  nodeSelector: { zone: 'a' },
  tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
  podLabels: { team: 'speech' },
  podAnnotations: { note: 'hello' },
  priorityClassName: 'high',
  env: [{ name: 'LOG_LEVEL', value: 'debug' }],
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { team: 'noisy' } } },
      ],
    },
  },
  topologySpreadConstraints: [
    { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
  ],
  ingress: {
    host: 'scheduler.example.com',
    className: 'nginx',
    tlsSecretName: 'scheduler-tls',
    expose: 'All',
    annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '600' },
  },
  networkPolicy: {
    clientsFrom: [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }],
    monitoringFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } }, podSelector: {} }],
    redisTo: [{ ipBlock: { cidr: '10.1.0.0/16', except: ['10.1.2.0/24'] } }],
    redisPorts: [7002],
  },
  monitoring: { scrapeIntervalSeconds: 30, labels: { release: 'prometheus' } },
  disruptionBudget: { maxUnavailable: 2 },
};

export const embedded: Wish = {
  redis: {
    keyPrefix: 'lingua',
    embedded: {
      image: 'registry.example/redis:8',
      resources: { limits: { memory: '2Gi' } },
      storage: { size: '4096Mi', storageClassName: 'fast', whenDeleted: 'Delete' },
    },
  },
  networkPolicy: {},
  nodeSelector: { zone: 'a' },
  imagePullSecrets: [{ name: 'registry' }],
};
