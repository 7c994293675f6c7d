/** How Prometheus reads the instances of fleets: the endpoints of a PodMonitor. */
import { paths } from '../../../common/workload.ts';

/** Label of every series that names the SchedulerCluster; alerts and dashboards ask by it. */
export const clusterLabel = 'scheduler_cluster';

/** Pods carry `lingua-scheduler` in this label, and so does the job of their series. */
export const jobLabel = 'app.kubernetes.io/name';

export const podMetricsEndpoints = [
  {
    port: 'http',
    path: paths.metrics,
    interval: '15s',
    relabelings: [
      {
        action: 'replace',
        sourceLabels: ['__meta_kubernetes_pod_label_app_kubernetes_io_instance'],
        targetLabel: clusterLabel,
      },
    ],
  },
] as const;
