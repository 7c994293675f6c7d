/** An alert as data, and the words in which expressions are written. */

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** How long the expression must hold; Prometheus' duration. */
  readonly for: string;
  readonly labels: { readonly severity: 'critical' | 'warning' };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url: string;
  };
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly AlertRule[];
}

/**
 * Where the runbooks are: one page each, `<alert>.md`. It is the path in this repository; whoever publishes the
 * documentation puts its address here and regenerates.
 */
export const runbookBase = 'docs/runbooks';

export interface AlertText {
  readonly severity: 'critical' | 'warning';
  readonly for: string;
  readonly expr: string;
  readonly summary: string;
  readonly description: string;
}

export function alertRule(alert: string, text: AlertText): AlertRule {
  const { severity, summary, description } = text;
  return {
    alert,
    expr: text.expr,
    for: text.for,
    labels: { severity },
    annotations: { summary, description, runbook_url: `${runbookBase}/${alert}.md` },
  };
}

/** A label matcher as it stands between braces, such as `namespace="speech"`. */
export type Matcher = string;

export const selector = (metric: string, ...matchers: readonly Matcher[]): string =>
  matchers.length === 0 ? metric : `${metric}{${matchers.join(',')}}`;
