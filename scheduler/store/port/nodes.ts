/** Nodes of the store: claims, and the view that placement works with. See store.ts for what all verbs promise. */

/** What placement needs to know of a node anywhere. */
export interface NodeView {
  readonly nodeId: string;
  /** The instance that holds its socket. */
  readonly instanceId: string;
  /** Of that instance's lease when this was written; instances of an older version do not say it. */
  readonly epoch?: number | undefined;
  readonly status: 'registering' | 'ready' | 'degraded' | 'draining' | 'offline';
  readonly slots: number;
  /** Jobs on it when this was written; a hint. */
  readonly running: number;
  /** Service ids that are ready. */
  readonly services: readonly string[];
  /** Languages it can take in and put out; undefined: it did not say, which counts as all. */
  readonly languages?:
    | {
        readonly source: readonly string[];
        readonly target: readonly string[];
        /** Directions it translates, as `zh>en`; absent: all of source and target. `*` stands for any language. */
        readonly pairs?: readonly string[];
      }
    | undefined;
  readonly hasGpu: boolean;
  readonly acceptsPublicJobs: boolean;
  readonly cpuPercent: number;
  readonly gpuPercent: number;
  readonly memoryPercent: number;
}

export type NodeChange =
  { readonly op: 'put'; readonly view: NodeView } | { readonly op: 'gone'; readonly nodeId: string };

export interface NodeStore {
  /** The newest connection of a node owns it. `connection` is unique per socket. Returns which other one owned it before. */
  claim(node: {
    nodeId: string;
    instanceId: string;
    connection: string;
    ttlMs: number;
  }): Promise<{ previous: { instanceId: string; connection: string } | undefined }>;

  /** Extends the claims, presences and snapshots of connected nodes. Returns the ids that another connection took. */
  renew(
    nodes: readonly { nodeId: string; connection: string }[],
    instanceId: string,
    ttl: { ownerMs: number; presenceMs: number },
  ): Promise<string[]>;

  /**
   * Writes the node's snapshot (JSON in the original's shape), view and presence, and announces the change when
   * `announce`. A caller announces only what changed, so that the cost follows the changes. Does nothing when another
   * instance owns the node.
   */
  save(node: { view: NodeView; snapshot: string; presenceMs: number; announce: boolean }): Promise<void>;

  /** Removes everything of the node, if this connection still owns it, and announces that it is gone. */
  remove(node: { nodeId: string; instanceId: string; connection: string }): Promise<void>;

  /**
   * Removes everything of the nodes that a dead instance held and nobody took since, and announces that they are gone.
   * Returns how many. Looks at every node, so it is for the one that reaps.
   */
  removeOf(deadInstanceId: string): Promise<number>;

  /** All live nodes, and the cursor from which `changes` continues. */
  all(): Promise<{ views: NodeView[]; cursor: string }>;

  /**
   * What is true now of the nodes announced after `cursor`, each once; `lost` when the log no longer reaches back that
   * far: read `all` again. Nobody announces a node whose instance died: its view ends after `presenceMs`, which `all`
   * shows, so a reader reads `all` now and then.
   */
  changes(
    cursor: string,
  ): Promise<{ kind: 'changes'; changes: NodeChange[]; cursor: string } | { kind: 'lost' }>;

  /** What is true now of these nodes. */
  find(nodeIds: readonly string[]): Promise<NodeChange[]>;

  /** Forgets nodes not seen for `olderThanMs`; returns how many. */
  sweepStale(olderThanMs: number): Promise<number>;
}
