/**
 * Takes out of text and objects what is secret, or may be. Where a person writes values of their own (environment, annotations), only
 * what is known to be harmless stays. Pure.
 */

export const removed = '<removed>';

// -------------------------------------------------------------------- text

const word =
  'pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization|credentials?';

/**
 * A key that has such a word in it, and what it is set to; names of files and of Secrets are no secrets. Bounded, like the
 * scheme of a URL below: a log may hold a megabyte without a space.
 */
const setting = new RegExp(
  `((?:["'\`]|\\\\")?[\\w.-]{0,64}(?:${word})(?![\\w.-]{0,64}(?:_file|_FILE|File|Name|Ref)\\b)[\\w.-]{0,64}(?:["'\`]|\\\\")?\\s*[:=]\\s*)` +
    `("(?:[^"\\\\]|\\\\.)*"|'[^']*'|\\\\"(?:[^"\\\\]|\\\\[^"])*\\\\"|[^\\s,;&}\\]"']+)`,
  'gi',
);

const patterns: readonly (readonly [RegExp, string | ((...match: string[]) => string)])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, removed],
  [/([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/"'<>]*@/gi, `$1${removed}@`],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${removed}`],
  [/\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, removed],
  [/\b(AUTH)\s+(?:[^\s"']+\s+)?[^\s"']+/g, `$1 ${removed}`],
  [setting, (_, key, value) => `${key}${quoted(value)}`],
];

/** Quoted as it was, so that JSON stays JSON. */
function quoted(value = ''): string {
  const quote = /^(\\"|["'])/.exec(value)?.[1] ?? '';
  return `${quote}${removed}${quote}`;
}

export const redactText = (text: string): string =>
  patterns.reduce(
    (kept, [pattern, replacement]) =>
      typeof replacement === 'string'
        ? kept.replace(pattern, replacement)
        : kept.replace(pattern, replacement),
    text,
  );

// ----------------------------------------------------------------- objects

/** Variables that say nothing about anybody. */
const harmlessVariables: ReadonlySet<string> = new Set([
  ...['POD_NAME', 'POD_UID', 'POD_INDEX', 'LINGUA_ADMIN_TOKEN_FILE', 'LINGUA_BIND_ADDRESS'],
  ...['LOG_LEVEL', 'LOG_FORMAT', 'NODE_ENV', 'TZ', 'LANG'],
]);

const harmlessAnnotation = /^(?:[a-z0-9.-]+\.)?(?:lingua\.dev|kubernetes\.io|k8s\.io)\//;

/** These hold whole objects, and what wrote them. */
const dropped: ReadonlySet<string> = new Set([
  'managedFields',
  'kubectl.kubernetes.io/last-applied-configuration',
]);

/** Keys whose text is a secret; those that name a Secret or a key in one are not. */
const secretKey = new RegExp(`(?:${word})`, 'i');
const namingKey = /(?:Name|Ref|KeyRef|File|Path|_file)$|^(?:passwordKey|usernameKey)$/;

export function redactObject(value: unknown, key = ''): unknown {
  if (typeof value === 'string')
    return secretKey.test(key) && !namingKey.test(key) ? removed : redactText(value);
  if (Array.isArray(value))
    return value.map((one: unknown) => (key === 'env' ? variable(one) : redactObject(one, key)));
  if (typeof value !== 'object' || value === null) return value;
  const isSecret = (value as { kind?: unknown }).kind === 'Secret';
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !dropped.has(name))
      .map(([name, inner]: [string, unknown]) => {
        if (isSecret && (name === 'data' || name === 'stringData')) return [name, removed];
        return [name, isAnnotations(name) ? annotations(inner) : redactObject(inner, name)];
      }),
  );
}

const isAnnotations = (name: string): boolean => name === 'annotations' || name === 'podAnnotations';

function annotations(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !dropped.has(name))
      .map(([name, text]) => [name, harmlessAnnotation.test(name) ? redactText(String(text)) : removed]),
  );
}

function variable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('value' in value)) return redactObject(value);
  const { name } = value as { name?: string };
  return harmlessVariables.has(name ?? '') ? value : { ...value, value: removed };
}
