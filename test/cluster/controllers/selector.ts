/** Label selectors as objects carry them: equality and set expressions, all of which must hold. */

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Expression[];
}

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** An empty selector matches everything; an absent one matches nothing. */
export function selects(selector: LabelSelector | undefined, labels: Record<string, string> = {}): boolean {
  if (selector === undefined) return false;
  return (
    matchesAll(selector.matchLabels ?? {}, labels) &&
    (selector.matchExpressions ?? []).every((expression) => holds(expression, labels))
  );
}

/** The plain form of Services and node selectors: every pair must be there. */
export function matchesAll(
  wanted: Readonly<Record<string, string>>,
  labels: Record<string, string>,
): boolean {
  // Asked of each pod by each selector of its namespace: without a list made for each answer.
  for (const key in wanted) if (labels[key] !== wanted[key]) return false;
  return true;
}

function holds({ key, operator, values = [] }: Expression, labels: Record<string, string>): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
