/** What a broken or hostile peer makes of a good message. Some of it is text that no serializer would write. */
import type { SeededRandom } from '../random.ts';
import type { Message } from './messages.ts';

const nested = (depth: number, open: string, close: string): string =>
  open.repeat(depth) + '1' + close.repeat(depth);

/** Values as JSON text, because some of them cannot be written otherwise. */
const nastyValues: readonly string[] = [
  'null',
  'true',
  'false',
  '0',
  '-1',
  '-0',
  '1.5',
  '1e400',
  '-1e400',
  '9007199254740993',
  '1e21',
  '123456789012345678901234567890',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"{p00}"',
  '"a b"',
  '"\\n"',
  '"../../etc/passwd"',
  '"s-1:job"',
  '"\\u202egnp.exe"',
  '"🙂"',
  `"${'x'.repeat(300)}"`,
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":1}',
  '{"length":-1}',
  nested(60, '[', ']'),
  nested(200, '{"a":', '}'),
  `[${'0,'.repeat(500)}0]`,
  '"1"',
  '"true"',
  '"NaN"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"hasOwnProperty"',
];

const nastyKeys: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  '\u0000',
  'type ',
  'TYPE',
];

/** Mostly a little; the depth that could break a recursion is dear, so it is seldom. */
const depthOf = (random: SeededRandom): number =>
  random.next() < 0.005 ? 50_000 : random.pick([5, 30, 300]);

type Mutation = (message: Message, random: SeededRandom) => string;

const asText = (entries: readonly (readonly [string, string])[]): string =>
  `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;

const entriesOf = (message: Message): [string, string][] =>
  Object.entries(message)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, JSON.stringify(value)]);

const mutations: readonly Mutation[] = [
  (message) => JSON.stringify(message),
  (message, random) => asText(without(entriesOf(message), random)),
  (message, random) => asText(replaced(entriesOf(message), random.pick(nastyValues), random)),
  (message, random) =>
    asText(
      replaced(
        replaced(entriesOf(message), random.pick(nastyValues), random),
        random.pick(nastyValues),
        random,
      ),
    ),
  (message, random) => asText([...entriesOf(message), [random.pick(nastyKeys), random.pick(nastyValues)]]),
  // The same key twice: the last one counts for us, the first for somebody else.
  (message, random) => {
    const entries = entriesOf(message);
    return asText([...entries, [random.pick(entries)[0], random.pick(nastyValues)]]);
  },
  (message, random) =>
    asText(
      entriesOf(message).map(([key, value]) =>
        key === 'type' ? [key, random.pick(nastyValues)] : [key, value],
      ),
    ),
  (message, random) => asText(replaced(entriesOf(message), deepened(message, random), random)),
  (message, random) => flipped(JSON.stringify(message), random),
  (message, random) => {
    const text = JSON.stringify(message);
    return text.slice(0, random.between(0, text.length));
  },
  (message, random) => JSON.stringify(message) + random.pick(['}', ',', '{}', '\u0000', 'x', ' ', '\ufeff']),
  (message, random) => random.pick(['\ufeff', '[', '\u0000', ' ']) + JSON.stringify(message),
  (message, random) => random.pick(nastyValues) + (random.next() < 0.5 ? '' : JSON.stringify(message)),
  (message) => JSON.stringify([message]),
  (message) => JSON.stringify(JSON.stringify(message)),
  (_, random) => nested(depthOf(random), random.pick(['[', '{"type":']), ''),
];

export const mutate = (message: Message, random: SeededRandom): string =>
  random.pick(mutations)(message, random);

/** The same, but always a JSON object of a kind the receiver knows, so that it comes past the first checks. */
export const mutateField = (message: Message, random: SeededRandom): string =>
  asText(replaced(entriesOf(message), random.pick(nastyValues), random));

function without(entries: readonly [string, string][], random: SeededRandom): [string, string][] {
  const place = random.between(0, entries.length - 1);
  return entries.filter((_, i) => i !== place);
}

function replaced(
  entries: readonly (readonly [string, string])[],
  value: string,
  random: SeededRandom,
): [string, string][] {
  const place = random.between(0, entries.length - 1);
  return entries.map(([key, old], i) => [key, i === place ? value : old]);
}

function deepened(message: Message, random: SeededRandom): string {
  return nested(depthOf(random), '{"details":', '}').replace('1', JSON.stringify(message['type'] ?? 1));
}

function flipped(text: string, random: SeededRandom): string {
  const place = random.between(0, Math.max(0, text.length - 1));
  return text.slice(0, place) + String.fromCharCode(random.between(0, 0xffff)) + text.slice(place + 1);
}
