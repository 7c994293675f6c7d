/**
 * What nodes say of models that are not available although they reported them ready. Such a service of a node is not
 * offered for a while. People hear of it in numbers, and in one line of the log for each service and window.
 */
import type { Logger } from 'pino';
import type { Clock } from '../../common/clock.ts';
import type { Metrics } from '../metrics.ts';
import type { MissingModel } from './answer.ts';
import type { UnavailableServices } from './unavailable-services.ts';

/** How many values a label may have; the original's figures. */
export const labelLimits = { services: 200, reasons: 200, limitedNodes: 100, markedNodes: 100 } as const;

const longestLabel = 128;

interface ReportDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** A service that was named in the log is not named again for this long. */
  readonly debounceMs: number;
}

export class ModelReports {
  readonly #deps: ReportDeps;
  readonly #services = new FirstFew(labelLimits.services);
  readonly #reasons = new FirstFew(labelLimits.reasons);
  readonly #limitedNodes = new FirstFew(labelLimits.limitedNodes);
  readonly #markedNodes = new FirstFew(labelLimits.markedNodes);
  /** Until when a service is not named in the log again. */
  readonly #quietUntil = new Map<string, number>();

  constructor(deps: ReportDeps) {
    this.#deps = deps;
  }

  /** Whether the node's offer has changed by it. */
  received(node: { nodeId: string; unavailable: UnavailableServices }, missing: MissingModel): boolean {
    const { metrics, clock } = this.#deps;
    const { nodeId, unavailable } = node;
    metrics.modelNotAvailable.inc();
    this.#count(missing);
    if (missing.service === undefined) return false;
    if (!unavailable.report(missing.service, clock.monotonic())) {
      metrics.modelNotAvailableLimited.inc();
      if (this.#limitedNodes.has(nodeId)) metrics.modelNaLimitedByNode.inc({ node_id: nodeId });
      else metrics.modelNaOtherLimitedNode.inc();
      return false;
    }
    metrics.modelNotAvailableMarked.inc();
    if (this.#markedNodes.has(nodeId)) metrics.modelNaMarkedByNode.inc({ node_id: nodeId });
    else metrics.modelNaOtherMarkedNode.inc();
    this.#say(nodeId, missing.service, missing);
    return true;
  }

  #count({ service = 'unknown', reason = 'unknown' }: MissingModel): void {
    const { metrics } = this.#deps;
    if (this.#services.has(service)) metrics.modelNaByService.inc({ service_id: service });
    else metrics.modelNaOtherService.inc();
    if (this.#reasons.has(reason)) metrics.modelNaByReason.inc({ reason });
    else metrics.modelNaOtherReason.inc();
  }

  #say(nodeId: string, service: string, { version, reason }: MissingModel): void {
    const { clock, log, debounceMs } = this.#deps;
    const nowMs = clock.monotonic();
    const subject = `${service}@${version ?? 'any'}`;
    if ((this.#quietUntil.get(subject) ?? Number.NEGATIVE_INFINITY) > nowMs) return;
    // Entries whose time is over are of no use; they go when there are many.
    if (this.#quietUntil.size >= labelLimits.services) this.#quietUntil.clear();
    this.#quietUntil.set(subject, nowMs + debounceMs);
    log.warn(
      { nodeId, service, version, reason },
      'model not available: the service of this node is not offered for a while',
    );
  }
}

/** The first values that come, up to a number: what a label may hold. */
class FirstFew {
  readonly #max: number;
  readonly #seen = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  has(value: string): boolean {
    if (this.#seen.has(value)) return true;
    if (this.#seen.size >= this.#max || value.length > longestLabel) return false;
    this.#seen.add(value);
    return true;
  }
}
