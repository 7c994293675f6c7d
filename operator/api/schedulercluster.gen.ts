/** Made from crds/schedulercluster.yaml by `npm run generate`; a change here is lost. */
import type { KubeObject } from '../kube/kube.ts';

/** A fleet of Lingua scheduler instances that share one Redis. The operator makes one pod for each instance, gives each its own instance_id and configuration file, and reports in the status what the instances say. */
export interface SchedulerCluster extends KubeObject {
  spec: SchedulerClusterSpec;
  status?: SchedulerClusterStatus;
}

/** What the fleet should be. */
export interface SchedulerClusterSpec {
  /** How many scheduler instances run. The guide recommends 3 to 5, and 2 as the least that survives the loss of one; 0 stops the fleet and keeps everything else. `kubectl scale` and autoscalers set this field. */
  replicas: number;
  /** Container image of the scheduler. There is no default, so that no update of the operator changes what runs. */
  image: string;
  /** When the image is pulled; IfNotPresent unless said otherwise. */
  imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Secrets in this namespace that hold credentials for pulling the image. */
  imagePullSecrets?: {
    /** Name of a Secret of type kubernetes.io/dockerconfigjson. */
    name: string;
  }[];
  /** The Redis that all instances of the fleet share; `[scheduler.phase2.redis]` of config.toml. Without `url` and `clusterUrls` the operator runs one for the fleet, as `embedded` describes it: for development and first steps. */
  redis: {
    /** `single` for one Redis server, `cluster` for Redis Cluster (recommended in production, three masters or more); `scheduler.phase2.redis.mode` of config.toml. */
    mode: 'single' | 'cluster';
    /** Address of the Redis server as redis://host:port or, with TLS, rediss://host:port, with an optional database number as path. Only for mode `single`; `scheduler.phase2.redis.url` of config.toml. Everyone who may read this object or the ConfigMap made from it sees this address, so it must not hold credentials. */
    url?: string;
    /** Addresses of some nodes of the Redis Cluster, each as redis://host:port or rediss://host:port; the others are found from these. Only for mode `cluster`; `scheduler.phase2.redis.cluster_urls` of config.toml. Must not hold credentials. */
    clusterUrls?: string[];
    /** A single Redis server that the operator runs for this fleet, with an append-only file and a password that it makes: for development. It is one pod, so while that restarts nobody is served, and ProductionReady is False. It runs where `nodeSelector`, `tolerations` and `priorityClassName` send the instances, and is pulled with `imagePullSecrets`. */
    embedded?: {
      /** Container image with `redis-server`, `redis-cli` and `sh`; 'redis:7.4-alpine' when not set, whatever the version of the operator. */
      image?: string;
      /** CPU and memory of Redis; requests of 100m and 128Mi and a limit of 1Gi when not set. Redis keeps half of the memory limit for data, the rest is for the copy it makes when it rewrites its file; when the half is full it refuses writes and removes nothing. */
      resources?: {
        /** What is set aside for it. */
        requests?: {
          /** Cores, for example 500m or 2. */
          cpu?: number | string;
          /** Bytes, for example 512Mi or 2Gi. */
          memory?: number | string;
        };
        /** What it may use at most. */
        limits?: {
          /** Cores, for example 2. */
          cpu?: number | string;
          /** Bytes, for example 1Gi. */
          memory?: number | string;
        };
      };
      /** A volume for the append-only file, so that a pod that is made anew finds its data; without it the file goes with the pod. The claim is `data-<name>-redis-0`. To make it larger, change the claim itself. */
      storage?: {
        /** Bytes, for example 4Gi; twice the memory limit is enough. It cannot be changed. */
        size: number | string;
        /** StorageClass of the volume; the default class when not set. It cannot be changed. */
        storageClassName?: string;
        /** What becomes of the claim when this SchedulerCluster is deleted: Retain keeps it, and a fleet of the same name finds its data again; Delete removes it. Needs Kubernetes 1.27 or later. */
        whenDeleted: 'Retain' | 'Delete';
      };
    };
    /** Secret in this namespace with the user and password of Redis. It is mounted into the pods as files; the operator only looks whether the keys are there. A changed password is read at the next connection, without a restart. */
    authSecretRef?: {
      /** Name of the Secret. */
      name: string;
      /** Key of the user's name; the default user when not set. */
      usernameKey?: string;
      /** Key of the password. */
      passwordKey: string;
    };
    /** How the server's certificate is checked; only for rediss:// addresses. Without it the authorities of the system count. */
    tls?: {
      /** Secret in this namespace with the certificates of the authorities to trust. */
      caSecretRef: {
        /** Name of the Secret. */
        name: string;
        /** Key of the certificates, in PEM. */
        key: string;
      };
    };
    /** First part of the name of every Redis key, which keeps environments apart that share one Redis; `scheduler.phase2.redis.key_prefix` of config.toml. Two fleets on one Redis must have different prefixes. It cannot be changed: during the rolling update half of the fleet would not see the other half, and the jobs under the old prefix would be left behind. */
    keyPrefix: string;
  };
  /** The rest of config.toml, key by key, in camelCase: `scheduler.phase2.dlq_maxlen` is `config.scheduler.phase2.dlqMaxlen`. Not here, because the operator writes them: `[server]`, `scheduler.phase2.enabled`, `instance_id` (the pod's name), `drain_timeout_seconds` (from `spec.drain`) and `[scheduler.phase2.redis]` (from `spec.redis`). Tables that change nothing are left out. A change is rolled out one instance at a time. */
  config: {
    /** `[scheduler]` of config.toml. */
    scheduler: {
      /** How many jobs one node is given at the same time, unless the node asks for less; `scheduler.max_concurrent_jobs_per_node` of config.toml. */
      maxConcurrentJobsPerNode: number;
      /** How long a node may take for a job before it is given to another one; `scheduler.job_timeout_seconds` of config.toml. */
      jobTimeoutSeconds: number;
      /** How often nodes report and instances renew their presence; `scheduler.heartbeat_interval_seconds` of config.toml. */
      heartbeatIntervalSeconds: number;
      /** `[scheduler.job_timeout]` of config.toml; written only when set. */
      jobTimeout?: {
        /** How long a job waits for a free node before it fails; `scheduler.job_timeout.pending_timeout_seconds` of config.toml. */
        pendingTimeoutSeconds: number;
        /** How many times a job that timed out is given to another node; `scheduler.job_timeout.failover_max_attempts` of config.toml. */
        failoverMaxAttempts: number;
        /** How often overdue jobs are looked for; `scheduler.job_timeout.scan_interval_ms` of config.toml. */
        scanIntervalMs: number;
        /** Whether a node is told to stop a job that timed out; `scheduler.job_timeout.send_cancel` of config.toml. */
        sendCancel: boolean;
      };
      /** `[scheduler.load_balancer]` of config.toml; written only when set. */
      loadBalancer?: {
        /** Nodes whose CPU or GPU use is above this percentage get no new jobs; `scheduler.load_balancer.resource_threshold` of config.toml. */
        resourceThreshold: number;
      };
      /** `[scheduler.node_health]` of config.toml; written only when set. */
      nodeHealth?: {
        /** A node silent for this long is offline; `scheduler.node_health.heartbeat_timeout_seconds` of config.toml. */
        heartbeatTimeoutSeconds: number;
        /** How many good heartbeats make a new node ready; `scheduler.node_health.health_check_count` of config.toml. */
        healthCheckCount: number;
        /** How long a new node may take to become ready; `scheduler.node_health.warmup_timeout_seconds` of config.toml. */
        warmupTimeoutSeconds: number;
        /** How often the states of all nodes are looked over; `scheduler.node_health.status_scan_interval_seconds` of config.toml. */
        statusScanIntervalSeconds: number;
        /** `[scheduler.node_health.failure_threshold]` of config.toml; written only when set. */
        failureThreshold?: {
          /** How many recent jobs of a node are judged; `scheduler.node_health.failure_threshold.window_size` of config.toml. */
          windowSize: number;
          /** So many failures in the window make a node degraded; `scheduler.node_health.failure_threshold.failure_count` of config.toml. */
          failureCount: number;
          /** So many failures in a row make a node degraded; `scheduler.node_health.failure_threshold.consecutive_failure_count` of config.toml. */
          consecutiveFailureCount: number;
        };
      };
      /** `[scheduler.model_not_available]` of config.toml; written only when set. */
      modelNotAvailable?: {
        /** How long a service that a node said it lacks is not asked of that node; `scheduler.model_not_available.unavailable_ttl_seconds` of config.toml. */
        unavailableTtlSeconds: number;
        /** Repeated reports of the same lack within this time count once; `scheduler.model_not_available.debounce_window_seconds` of config.toml. */
        debounceWindowSeconds: number;
        /** The time in which the reports of one node are counted; `scheduler.model_not_available.node_ratelimit_window_seconds` of config.toml. */
        nodeRatelimitWindowSeconds: number;
        /** How many reports of one node are believed in that time; `scheduler.model_not_available.node_ratelimit_max` of config.toml. */
        nodeRatelimitMax: number;
      };
      /** `[scheduler.core_services]` of config.toml; written only when set. */
      coreServices?: {
        /** Service that recognises speech; `scheduler.core_services.asr_service_id` of config.toml. */
        asrServiceId: string;
        /** Service that translates text; `scheduler.core_services.nmt_service_id` of config.toml. */
        nmtServiceId: string;
        /** Service that speaks; `scheduler.core_services.tts_service_id` of config.toml. */
        ttsServiceId: string;
      };
      /** How long a result waits for one with a lower utterance index before it is sent; 10 when not set; `scheduler.result_hold_seconds` of config.toml. */
      resultHoldSeconds?: number;
      /** A node that comes back within this time keeps its jobs; 2 when not set; `scheduler.node_grace_seconds` of config.toml. */
      nodeGraceSeconds?: number;
      /** How long the record and the answers of a session outlive its socket, so that it can resume; 120 when not set; `scheduler.session_keep_seconds` of config.toml. */
      sessionKeepSeconds?: number;
      /** How long a draining instance goes on serving, so that load balancers can notice; the pod is given this time too; 5 when not set; `scheduler.endpoint_grace_seconds` of config.toml. */
      endpointGraceSeconds?: number;
      /** `redis` calls a job accepted when Redis has it, `replicated` when a replica of that Redis has it too; redis when not set; `scheduler.durability` of config.toml. */
      durability?: 'redis' | 'replicated';
      /** `[scheduler.task_binding]` of config.toml; written only when set. */
      taskBinding?: {
        /** How long a job stays bound to its node without a sign of life; 90 when not set; `scheduler.task_binding.lease_seconds` of config.toml. */
        leaseSeconds?: number;
        /** Whether the jobs of one session go to different nodes in turn; false when not set; `scheduler.task_binding.spread_enabled` of config.toml. */
        spreadEnabled?: boolean;
        /** How long a node that had a job of a session counts as used; 30 when not set; `scheduler.task_binding.spread_window_seconds` of config.toml. */
        spreadWindowSeconds?: number;
      };
      /** `[scheduler.web_task_segmentation]` of config.toml; written only when set. */
      webTaskSegmentation?: {
        /** Silence that ends an utterance of streamed audio, 0 for never; 1000 when not set; `scheduler.web_task_segmentation.pause_ms` of config.toml. */
        pauseMs?: number;
      };
      /** `[scheduler.phase2]` of config.toml: what several instances share and send each other. */
      phase2: {
        /** How long an instance keeps its name, its sessions and its nodes when it falls silent; `scheduler.phase2.owner_ttl_seconds` of config.toml. */
        ownerTtlSeconds: number;
        /** How long one read of the inbox waits for a message; `scheduler.phase2.stream_block_ms` of config.toml. */
        streamBlockMs: number;
        /** How many messages one read of the inbox takes; `scheduler.phase2.stream_count` of config.toml. */
        streamCount: number;
        /** Name of the consumer group on every inbox; `scheduler.phase2.stream_group` of config.toml. It cannot be changed: what the old group has read and not acknowledged would wait there for ever. */
        streamGroup: string;
        /** How many messages one inbox holds before senders are told to wait; `scheduler.phase2.stream_maxlen` of config.toml. */
        streamMaxlen: number;
        /** Whether messages that cannot be delivered are kept aside for a person to look at; `scheduler.phase2.dlq_enabled` of config.toml. */
        dlqEnabled: boolean;
        /** How many undeliverable messages are kept; `scheduler.phase2.dlq_maxlen` of config.toml. */
        dlqMaxlen: number;
        /** How many deliveries are tried before a message is put aside; `scheduler.phase2.dlq_max_deliveries` of config.toml. */
        dlqMaxDeliveries: number;
        /** How long a message must lie unacknowledged before it is delivered again; `scheduler.phase2.dlq_min_idle_ms` of config.toml. */
        dlqMinIdleMs: number;
        /** How often unacknowledged messages are looked for; `scheduler.phase2.dlq_scan_interval_ms` of config.toml. */
        dlqScanIntervalMs: number;
        /** How many unacknowledged messages one look takes; `scheduler.phase2.dlq_scan_count` of config.toml. */
        dlqScanCount: number;
        /** How soon an unacknowledged message of the inbox is looked at again; 5000 when not set; `scheduler.phase2.reclaim_idle_ms` of config.toml. */
        reclaimIdleMs?: number;
        /** A Redis command that takes longer has failed; 5000 when not set; `scheduler.phase2.command_timeout_ms` of config.toml. */
        commandTimeoutMs?: number;
        /** `[scheduler.phase2.node_snapshot]` of config.toml: how all instances come to know all nodes. */
        nodeSnapshot: {
          /** Whether instances share their nodes; `scheduler.phase2.node_snapshot.enabled` of config.toml. */
          enabled: boolean;
          /** How long a node that fell silent still counts as present; `scheduler.phase2.node_snapshot.presence_ttl_seconds` of config.toml. */
          presenceTtlSeconds: number;
          /** How often an instance brings its view of the nodes up to date; `scheduler.phase2.node_snapshot.refresh_interval_ms` of config.toml. */
          refreshIntervalMs: number;
          /** After how long a silent node is forgotten, 0 for never; `scheduler.phase2.node_snapshot.remove_stale_after_seconds` of config.toml. */
          removeStaleAfterSeconds: number;
        };
      };
      /** `[scheduler.phase3]` of config.toml: pools of nodes; written only when set. */
      phase3?: {
        /** Whether nodes are chosen from pools; false when not set; `scheduler.phase3.enabled` of config.toml. */
        enabled?: boolean;
        /** How many pools there are when none is listed; 16 when not set; `scheduler.phase3.pool_count` of config.toml. */
        poolCount?: number;
        /** Seed of the hash that spreads over the pools; 0 when not set; `scheduler.phase3.hash_seed` of config.toml. */
        hashSeed?: number;
        /** Whether other pools are looked at when the preferred one has no free node; true when not set; `scheduler.phase3.fallback_scan_all_pools` of config.toml. */
        fallbackScanAllPools?: boolean;
        /** Which services a pool is matched by; core_only when not set; `scheduler.phase3.pool_match_scope` of config.toml. */
        poolMatchScope?: 'core_only' | 'all_required';
        /** Whether a node must have at least a pool's services or exactly these; contains when not set; `scheduler.phase3.pool_match_mode` of config.toml. */
        poolMatchMode?: 'contains' | 'exact';
        /** Whether a node that matches no pool is never chosen; false when not set; `scheduler.phase3.strict_pool_eligibility` of config.toml. */
        strictPoolEligibility?: boolean;
        /** Pools by the services their nodes have; none when not set; `scheduler.phase3.pools` of config.toml. */
        pools?: {
          /** Number of the pool. */
          poolId: number;
          /** Name of the pool, for people. */
          name?: string;
          /** Services that a node of the pool has. */
          requiredServices?: string[];
        }[];
        /** Tenants with a pool of their own; none when not set; `scheduler.phase3.tenant_overrides` of config.toml. */
        tenantOverrides?: {
          /** Name of the tenant. */
          tenantId: string;
          /** Number of the pool. */
          poolId: number;
        }[];
      };
    };
    /** `[limits]` of config.toml: what one instance takes on; written only when set. */
    limits?: {
      /** How many sessions one instance accepts; 10000 when not set; `limits.max_sessions` of config.toml. */
      maxSessions?: number;
      /** How many nodes one instance accepts; 2000 when not set; `limits.max_nodes` of config.toml. */
      maxNodes?: number;
      /** The largest message a session or node may send; 16777216 when not set; `limits.max_payload_bytes` of config.toml. */
      maxPayloadBytes?: number;
      /** The largest message a node may send; its messages carry speech; 33554432 when not set; `limits.max_node_payload_bytes` of config.toml. */
      maxNodePayloadBytes?: number;
      /** A peer that leaves this much unread is disconnected; 33554432 when not set; `limits.send_queue_bytes` of config.toml. */
      sendQueueBytes?: number;
      /** When all peers together leave more than this unread, those who leave most are disconnected; 268435456 when not set; `limits.send_queue_total_bytes` of config.toml. */
      sendQueueTotalBytes?: number;
      /** A peer that answers no ping for twice this long is gone; 0 sends none; 20 when not set; `limits.ping_interval_seconds` of config.toml. */
      pingIntervalSeconds?: number;
      /** Audio and answers up to this size travel inside messages between instances; larger ones are fetched; 16384 when not set; `limits.inline_payload_bytes` of config.toml. */
      inlinePayloadBytes?: number;
      /** Connections from one address, 0 for no limit; behind a proxy all clients have one address; 0 when not set; `limits.max_connections_per_address` of config.toml. */
      maxConnectionsPerAddress?: number;
      /** Messages of one connection per second in the long run, of a node for each of its slots, 0 for no limit; further ones wait unread; 200 when not set; `limits.messages_per_second` of config.toml. */
      messagesPerSecond?: number;
      /** Messages of one connection at once, of a node for each of its slots; 1000 when not set; `limits.messages_burst` of config.toml. */
      messagesBurst?: number;
      /** Utterances of one session without an answer; a further one is refused as overload; 256 when not set; `limits.max_open_jobs_per_session` of config.toml. */
      maxOpenJobsPerSession?: number;
      /** Jobs of one instance that wait for a node; a further one is refused as overload; 5000 when not set; `limits.max_waiting_jobs` of config.toml. */
      maxWaitingJobs?: number;
      /** Answers a session may leave unacknowledged; then new utterances are refused as overload; 1000 when not set; `limits.max_unacknowledged_answers` of config.toml. */
      maxUnacknowledgedAnswers?: number;
      /** Delay of the event loop beyond which new utterances are refused as overload, 0 for never; 500 when not set; `limits.overload_delay_ms` of config.toml. */
      overloadDelayMs?: number;
    };
    /** `[server]` of config.toml, as far as the operator does not write it itself. */
    server?: {
      /** Web pages that may connect, each as https://host; all when not set; `server.allowed_origins` of config.toml. */
      allowedOrigins?: string[];
    };
    /** `[model_hub]` of config.toml; written only when set. */
    modelHub?: {
      /** Address of the catalogue of services, as http://host:port; none ("") when not set; `model_hub.base_url` of config.toml. */
      baseUrl?: string;
    };
    /** `[dashboard]` of config.toml; written only when set. */
    dashboard?: {
      /** Whether /dashboard is served; true when not set; `dashboard.enabled` of config.toml. */
      enabled?: boolean;
    };
  };
  /** How an instance takes its leave when it is scaled away, updated or evicted. */
  drain: {
    /** How long running jobs may take to finish before they are handed to other instances, in seconds. The pod's termination grace period is this and a margin, and so is the time that a scale-down waits for an instance. */
    timeoutSeconds: number;
  };
  /** How a change reaches the instances. Always one at a time, each drained first, the next when the last is ready. */
  rollout: {
    /** Gives a change to a few instances first and watches them; a change that fails there is taken back by itself. Without it a change that does not become ready stops at the first instance and waits for a person. */
    canary?: {
      /** How many instances, from the highest ordinal down, try the change. */
      replicas: number;
      /** How long they must have been ready and within the limits before the others follow; the guide says 30 minutes. */
      soakSeconds: number;
      /** Automatic lets the others follow after the soak. Manual waits for the annotation `lingua.dev/promote` with the value of `status.rollout.revision`; the same annotation also ends an automatic soak early. */
      promotion: 'Automatic' | 'Manual';
      /** What an instance that tries the change must not exceed; the defaults are the guide's alerts. */
      limits: {
        /** Messages read and not acknowledged. */
        inboxPending: number;
        /** Messages in its dead letter queue. */
        dlqLength: number;
        /** How long it may be not ready or without its presence in Redis. */
        notReadySeconds: number;
        /** Of the choices of a node since it started, how many may find none; judged from 20 choices on. */
        selectionFailurePercent: number;
      };
    };
  };
  /** The Service that sessions and nodes connect to, named like this object. */
  service: {
    /** Type of the Service. */
    type: 'ClusterIP' | 'NodePort' | 'LoadBalancer';
    /** ClientIP sends a client to the same instance each time, like ip_hash in the guide's nginx example. Not needed, since every instance reaches every node. */
    sessionAffinity: 'None' | 'ClientIP';
    /** Annotations for the Service, for example those that a cloud's load balancer reads. */
    annotations?: Record<string, string>;
  };
  /** An Ingress in front of the client Service, with time-outs as long as a WebSocket may be silent; none when not set. Other ways in, such as a Gateway, can point at the Service themselves. */
  ingress?: {
    /** Name under which sessions and nodes connect, for example scheduler.example.com. */
    host: string;
    /** IngressClass that serves it; the default class when not set. */
    className?: string;
    /** Secret of type kubernetes.io/tls in this namespace for the host; without it connections are not encrypted. */
    tlsSecretName?: string;
    /** Sockets lets only /ws/ through. All lets everything of port 5010 through, as the guide's nginx example does: health, metrics, statistics and the dashboard are then seen by everybody who reaches the host. */
    expose: 'Sockets' | 'All';
    /** Annotations of the Ingress controller, cert-manager or external-dns. What is set here wins over the time-outs that the operator writes for ingress-nginx and HAProxy. */
    annotations?: Record<string, string>;
  };
  /** A NetworkPolicy for the instances, none when not set: port 5010 for clients, the admin port for the operator alone, and out of them only DNS, Redis and the Model Hub. An embedded Redis gets one of its own, that lets the instances in and nobody else. Takes effect where the cluster's network enforces policies. */
  networkPolicy?: {
    /** Who may connect to port 5010; everybody when not set. An Ingress controller in the cluster belongs here too. */
    clientsFrom?: {
      /** Pods with these labels; in this namespace unless `namespaceSelector` says otherwise. */
      podSelector?: {
        /** Labels that must all be there; none selects everything. */
        matchLabels?: Record<string, string>;
      };
      /** Pods in namespaces with these labels. */
      namespaceSelector?: {
        /** Labels that must all be there; none selects everything. */
        matchLabels?: Record<string, string>;
      };
      /** Addresses outside the cluster. */
      ipBlock?: {
        /** A range, for example 10.0.0.0/8 or 2001:db8::/32. */
        cidr: string;
        /** Ranges within `cidr` that are not meant. */
        except?: string[];
      };
    }[];
    /** Who may connect to port 5010 besides `clientsFrom`, to read /metrics; of use only with `clientsFrom`. */
    monitoringFrom?: {
      /** Pods with these labels; in this namespace unless `namespaceSelector` says otherwise. */
      podSelector?: {
        /** Labels that must all be there; none selects everything. */
        matchLabels?: Record<string, string>;
      };
      /** Pods in namespaces with these labels. */
      namespaceSelector?: {
        /** Labels that must all be there; none selects everything. */
        matchLabels?: Record<string, string>;
      };
      /** Addresses outside the cluster. */
      ipBlock?: {
        /** A range, for example 10.0.0.0/8 or 2001:db8::/32. */
        cidr: string;
        /** Ranges within `cidr` that are not meant. */
        except?: string[];
      };
    }[];
    /** Where Redis is; anywhere, on the ports of its addresses, when not set. Not needed for an embedded Redis. */
    redisTo?: {
      /** Pods with these labels; in this namespace unless `namespaceSelector` says otherwise. */
      podSelector?: {
        /** Labels that must all be there; none selects everything. */
        matchLabels?: Record<string, string>;
      };
      /** Pods in namespaces with these labels. */
      namespaceSelector?: {
        /** Labels that must all be there; none selects everything. */
        matchLabels?: Record<string, string>;
      };
      /** Addresses outside the cluster. */
      ipBlock?: {
        /** A range, for example 10.0.0.0/8 or 2001:db8::/32. */
        cidr: string;
        /** Ranges within `cidr` that are not meant. */
        except?: string[];
      };
    }[];
    /** More ports of Redis than its addresses name, for example those of other nodes of a Redis Cluster. */
    redisPorts?: number[];
  };
  /** Objects of the Prometheus operator for this fleet alone, made where the cluster knows their kinds, also when these are installed later; none when not set. Not together with manifests/monitoring, which has them for all fleets: the same series would be read twice. */
  monitoring?: {
    /** Auto makes a PodMonitor for /metrics of the instances where the cluster knows PodMonitors; Never makes none. */
    podMonitor: 'Auto' | 'Never';
    /** Auto makes a PrometheusRule with the alerts on this fleet, the guide's five among them, where the cluster knows PrometheusRules; Never makes none. */
    prometheusRule: 'Auto' | 'Never';
    /** How often /metrics is read. */
    scrapeIntervalSeconds: number;
    /** More labels for both objects, by which a Prometheus finds them, for example `release`. */
    labels?: Record<string, string>;
  };
  /** The PodDisruptionBudget of the instances. At one replica or none there is never one, because it could only block the drain of a Kubernetes node for ever. */
  disruptionBudget: {
    /** Auto makes one at two replicas or more; Never makes none, and a drain may then take all instances at once. */
    mode: 'Auto' | 'Never';
    /** How many instances may be evicted at the same time. */
    maxUnavailable: number;
  };
  /** CPU and memory of one instance. The guide asks for 2 cores and 2 GB for a busy one. What is set here replaces the default as a whole. */
  resources: {
    /** What is set aside for the instance. */
    requests?: {
      /** Cores, for example 500m or 2. */
      cpu?: number | string;
      /** Bytes, for example 512Mi or 2Gi. */
      memory?: number | string;
    };
    /** What the instance may use at most. */
    limits?: {
      /** Cores, for example 2. */
      cpu?: number | string;
      /** Bytes, for example 1Gi. */
      memory?: number | string;
    };
  };
  /** Labels a Kubernetes node must have to run an instance. */
  nodeSelector?: Record<string, string>;
  /** Taints of Kubernetes nodes that instances put up with. */
  tolerations?: {
    /** Key of the taint; empty with operator Exists means every taint. */
    key?: string;
    /** Exists, or Equal to compare the value too. */
    operator?: 'Exists' | 'Equal';
    /** Value of the taint. */
    value?: string;
    /** Effect of the taint; empty means every effect. */
    effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
    /** For NoExecute, how long the taint is put up with. */
    tolerationSeconds?: number;
  }[];
  /** Where instances run, in the words of a Pod; pods are looked for in this namespace. */
  affinity?: {
    /** Which Kubernetes nodes take the instances. */
    nodeAffinity?: {
      /** What a node must have. */
      requiredDuringSchedulingIgnoredDuringExecution?: {
        /** One of these must fit. */
        nodeSelectorTerms: {
          /** Labels of the Kubernetes node; all must fit. */
          matchExpressions: {
            /** Key of the label. */
            key: string;
            /** How the label is compared. */
            operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
            /** Values it is compared with; none for Exists and DoesNotExist, one number for Gt and Lt. */
            values?: string[];
          }[];
        }[];
      };
      /** What a node should have. */
      preferredDuringSchedulingIgnoredDuringExecution?: {
        /** How much it counts beside other preferences. */
        weight: number;
        /** Fits or not. */
        preference: {
          /** Labels of the Kubernetes node; all must fit. */
          matchExpressions: {
            /** Key of the label. */
            key: string;
            /** How the label is compared. */
            operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
            /** Values it is compared with; none for Exists and DoesNotExist, one number for Gt and Lt. */
            values?: string[];
          }[];
        };
      }[];
    };
    /** Pods to run near to. */
    podAffinity?: {
      /** Pods that must be in the same place. */
      requiredDuringSchedulingIgnoredDuringExecution?: {
        /** Which pods; none when not set. */
        labelSelector?: {
          /** Labels that must all be there. */
          matchLabels?: Record<string, string>;
          /** Labels of the pods; all must fit. */
          matchExpressions?: {
            /** Key of the label. */
            key: string;
            /** How the label is compared. */
            operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
            /** Values it is compared with; none for Exists and DoesNotExist. */
            values?: string[];
          }[];
        };
        /** Label of Kubernetes nodes that says which of them are one place, for example kubernetes.io/hostname. */
        topologyKey: string;
      }[];
      /** Pods that should be in the same place. */
      preferredDuringSchedulingIgnoredDuringExecution?: {
        /** How much it counts beside other preferences. */
        weight: number;
        /** Which pods, and how near. */
        podAffinityTerm: {
          /** Which pods; none when not set. */
          labelSelector?: {
            /** Labels that must all be there. */
            matchLabels?: Record<string, string>;
            /** Labels of the pods; all must fit. */
            matchExpressions?: {
              /** Key of the label. */
              key: string;
              /** How the label is compared. */
              operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
              /** Values it is compared with; none for Exists and DoesNotExist. */
              values?: string[];
            }[];
          };
          /** Label of Kubernetes nodes that says which of them are one place, for example kubernetes.io/hostname. */
          topologyKey: string;
        };
      }[];
    };
    /** Pods to keep away from. */
    podAntiAffinity?: {
      /** Pods that must not be in the same place. */
      requiredDuringSchedulingIgnoredDuringExecution?: {
        /** Which pods; none when not set. */
        labelSelector?: {
          /** Labels that must all be there. */
          matchLabels?: Record<string, string>;
          /** Labels of the pods; all must fit. */
          matchExpressions?: {
            /** Key of the label. */
            key: string;
            /** How the label is compared. */
            operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
            /** Values it is compared with; none for Exists and DoesNotExist. */
            values?: string[];
          }[];
        };
        /** Label of Kubernetes nodes that says which of them are one place, for example kubernetes.io/hostname. */
        topologyKey: string;
      }[];
      /** Pods that should not be in the same place. */
      preferredDuringSchedulingIgnoredDuringExecution?: {
        /** How much it counts beside other preferences. */
        weight: number;
        /** Which pods, and how near. */
        podAffinityTerm: {
          /** Which pods; none when not set. */
          labelSelector?: {
            /** Labels that must all be there. */
            matchLabels?: Record<string, string>;
            /** Labels of the pods; all must fit. */
            matchExpressions?: {
              /** Key of the label. */
              key: string;
              /** How the label is compared. */
              operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
              /** Values it is compared with; none for Exists and DoesNotExist. */
              values?: string[];
            }[];
          };
          /** Label of Kubernetes nodes that says which of them are one place, for example kubernetes.io/hostname. */
          topologyKey: string;
        };
      }[];
    };
  };
  /** How instances are spread; evenly over Kubernetes nodes, as well as it goes, when not set. The operator adds the selector of the instances. */
  topologySpreadConstraints?: {
    /** Label of Kubernetes nodes that says which of them are one place, for example topology.kubernetes.io/zone. */
    topologyKey: string;
    /** By how many instances two places may differ. */
    maxSkew: number;
    /** ScheduleAnyway runs an instance that cannot be placed evenly, DoNotSchedule leaves it waiting. */
    whenUnsatisfiable: 'ScheduleAnyway' | 'DoNotSchedule';
  }[];
  /** More labels for the pods. */
  podLabels?: Record<string, string>;
  /** Annotations for the pods. */
  podAnnotations?: Record<string, string>;
  /** Name of the PriorityClass of the pods. */
  priorityClassName?: string;
  /** More environment variables for the scheduler, for example LOG_LEVEL or LOG_FORMAT. Not for secrets. */
  env?: {
    /** Name of the variable. */
    name: string;
    /** Value of the variable, as it is. */
    value: string;
  }[];
}

/** What the operator saw. Figures that change all the time are refreshed once a minute at most; use metrics for them. */
export interface SchedulerClusterStatus {
  /** The generation of this object that the status speaks of. */
  observedGeneration?: number;
  /** How many pods exist. */
  replicas?: number;
  /** How many instances take connections. */
  readyReplicas?: number;
  /** How many pods are made as this object asks now. */
  updatedReplicas?: number;
  /** Label selector of the pods, for autoscalers. */
  selector?: string;
  /** Name of the ConfigMap that holds the current configuration files. */
  configMapName?: string;
  /** Names what all instances log in to Redis with, without telling anything of it. It changes when they follow a change of the Secrets of `spec.redis`. */
  redisCredentials?: string;
  /** The change that is on its way to the instances, or was last. */
  rollout?: {
    /** Names the pods as this object asks for them; the value for the annotation `lingua.dev/promote`. */
    revision: string;
    /** What came of the canary; absent while it is undecided and when there is none. */
    verdict?: 'Passed' | 'Failed';
    /** Why it failed, in one word. */
    reason?: string;
    /** The figure that failed. */
    message?: string;
  };
  /** What is known about the fleet, each with a reason and what to do about it: Ready (the summary), Available, Progressing, Degraded, ConfigValid, RedisReachable, InstancesUnique, RoutingVerified, Drained, and ProductionReady (advice). */
  conditions?: {
    /** What the condition is about. */
    type: string;
    /** True, False, or Unknown. */
    status: 'True' | 'False' | 'Unknown';
    /** The generation of this object that the condition speaks of. */
    observedGeneration?: number;
    /** When the status last changed. */
    lastTransitionTime: string;
    /** Why, in one word. */
    reason: string;
    /** Why, in a sentence, and what to do. */
    message: string;
  }[];
  /** The instances, by ordinal. */
  instances?: {
    /** Number of the pod in its StatefulSet. */
    ordinal: number;
    /** Name of the pod. */
    podName: string;
    /** Name of the instance in Redis and in logs. */
    instanceId: string;
    /** Whether the instance takes connections. */
    ready: boolean;
    /** Where the instance is in its life. */
    state: 'Pending' | 'Starting' | 'Ready' | 'NotReady' | 'Draining' | 'Failing' | 'Terminating';
    /** Connected sessions. */
    sessions?: number;
    /** Connected nodes. */
    nodes?: number;
    /** Jobs this instance answers for, waiting or running; told while it drains. */
    jobs?: number;
    /** How far the instance is with leaving; absent when it stays. */
    drain?: {
      /** Why it leaves, in one word. */
      reason: 'ScaleDown' | 'Rollout' | 'Rollback' | 'Replace';
      /** When the operator first asked for it. */
      startTime: string;
      /** When it is let go whatever still runs; what runs then is handed to other instances. */
      deadlineTime: string;
      /** Whether the instance said that nothing is left. */
      done: boolean;
    };
    /** Why the instance must be restarted to be as this object asks; absent when it need not. */
    restartReasons?: string[];
    /** Whether the instance runs with the current configuration. */
    configCurrent: boolean;
  }[];
}
