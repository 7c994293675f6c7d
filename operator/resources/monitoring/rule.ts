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
    /** Its page in this repository, for who has no address of it. */
    readonly runbook?: string;
    readonly runbook_url?: string;
  };
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly AlertRule[];
}

/** One page each, `<alert>.md`. A path is no link: whoever publishes the pages says where, see `withRunbookUrls`. */
const runbookFolder = 'docs/runbooks';

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
    annotations: { summary, description, runbook: `${runbookFolder}/${alert}.md` },
  };
}

/** @param url an address in which `{alert}` stands for the name of the alert; without it, as they are */
export const withRunbookUrls = (
  groups: readonly RuleGroup[],
  url: string | undefined,
): readonly RuleGroup[] =>
  url === undefined
    ? groups
    : groups.map(({ name, rules }) => ({ name, rules: rules.map((rule) => withRunbookUrl(rule, url)) }));

function withRunbookUrl(rule: AlertRule, url: string): AlertRule {
  const { summary, description } = rule.annotations;
  const annotations = { summary, description, runbook_url: url.replaceAll('{alert}', rule.alert) };
  return { ...rule, annotations };
}

/** A label matcher as it stands between braces, such as `namespace="speech"`. */
export type Matcher = string;

export const selector = (metric: string, ...matchers: readonly Matcher[]): string =>
  matchers.length === 0 ? metric : `${metric}{${matchers.join(',')}}`;
