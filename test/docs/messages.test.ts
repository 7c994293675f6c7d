/** The messages of the wire protocol and their fields, as the page tells them and as the code has them: both ways, in both languages. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { z } from 'zod';
import { nodeInbound } from '../../scheduler/protocol/node-messages.ts';
import { sessionInbound } from '../../scheduler/protocol/session-messages.ts';
import { root } from '../support/images.ts';
import { pageOf } from './pages.ts';

/** Fields of each message as the page writes them: `name`, or `name?` when it may be missing. */
type Messages = ReadonlyMap<string, readonly string[]>;

const mark = (name: string, isOptional: boolean): string => (isOptional ? `${name}?` : name);

function received(schemas: Readonly<Record<string, z.ZodType>>): Messages {
  return new Map(
    Object.entries(schemas).map(([type, schema]) => {
      const { properties = {}, required = [] } = z.toJSONSchema(schema, {
        io: 'input',
        unrepresentable: 'any',
      });
      const names = Object.keys(properties).filter((name) => name !== 'type');
      return [type, names.map((name) => mark(name, !required.includes(name)))];
    }),
  );
}

const files = ['session-messages', 'node-messages'].map((name) =>
  path.join(root, `scheduler/protocol/${name}.ts`),
);
const program = ts.createProgram(files, {
  ...{ allowImportingTsExtensions: true, noEmit: true, strict: true, skipLibCheck: true },
  ...{ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
});
const checker = program.getTypeChecker();

/** What a type of these files says, one message or several. */
function sent(name: string): Messages {
  const symbol = files
    .flatMap((file) => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)!)!))
    .find((one) => one.name === name);
  const type = checker.getDeclaredTypeOfSymbol(symbol!);
  return new Map((type.isUnion() ? type.types : [type]).map(messageOf));
}

function messageOf(type: ts.Type): [type: string, fields: string[]] {
  const literal = checker.getTypeOfSymbol(type.getProperty('type')!) as ts.StringLiteralType;
  const fields = type
    .getProperties()
    .filter(({ name }) => name !== 'type')
    .map(({ name, flags }) => mark(name, (flags & ts.SymbolFlags.Optional) !== 0));
  return [literal.value, fields];
}

/** Put together from the stored assignment, the attempt and the sound. */
const assign: Messages = new Map(
  [...sent('Assignment')].map(([type, fields]) => [type, [...fields, 'attempt_id', 'audio']]),
);

const ends: readonly [at: number, who: string, sent: Messages, received: Messages][] = [
  [1, 'sessions', sent('SessionOutbound'), received(sessionInbound)],
  [2, 'nodes', new Map([...sent('NodeOutbound'), ...assign]), received(nodeInbound)],
];

/** The list of fields that a text begins with. */
function fieldsAt(text: string): string[] {
  const [, name, rest = ''] =
    /^(?:\*\*\+\*\* )?`([a-z_]+\??)`(?: ?[(（][^)）]*[)）])?(.*)$/.exec(text.trim()) ?? [];
  if (name === undefined) return [];
  const [, further] = /^(?:, |[、，] ?)(.*)$/.exec(rest) ?? [];
  return [name, ...(further === undefined ? [] : fieldsAt(further))];
}

/** Rows of the table of a section, `| message | from | fields |`, and messages that a row says are answered with. */
function toldIn(section: string): Map<string, { fields: string[]; cell: string }> {
  const rows = [...section.matchAll(/^\| (`[^|]*) \| [CSN] +\| (.*) \|$/gm)];
  return new Map(
    rows.flatMap(([, first = '', cell = '']) => {
      const types = [...first.matchAll(/`(\w+)`/g)].map(([, type = '']) => type);
      const answers = [...cell.matchAll(/`(\w+)`[^`|]{0,4}[:：] ?(`\w+`.*)$/g)];
      return [
        ...types.map((type) => [type, { fields: fieldsAt(cell), cell }] as const),
        ...answers.map(([, type = '', text = '']) => [type, { fields: fieldsAt(text), cell: text }] as const),
      ];
    }),
  );
}

for (const file of ['docs/protocol.md', 'docs/zh/protocol.md'])
  describe(file, () => {
    const sections = pageOf(file).prose.split(/^## /m);
    for (const [at, who, outbound, inbound] of ends) {
      const told = toldIn(sections[at]!);

      it(`tells every message from and to ${who}, and no other`, () => {
        assert.deepEqual([...told.keys()].sort(), [...outbound.keys(), ...inbound.keys()].sort());
      });

      for (const [type, fields] of outbound)
        it(`tells what ${type} has for ${who}, and nothing else`, () => {
          assert.deepEqual(told.get(type)?.fields.toSorted(), fields.toSorted());
        });

      for (const [type, fields] of inbound)
        it(`tells what ${type} may have from ${who}, and nothing else`, () => {
          const { fields: listed = [], cell = '' } = told.get(type) ?? {};
          assert.deepEqual(
            listed.filter((field) => !fields.includes(field)),
            [],
          );
          // Some are told after the list: what is said of them is that they are not looked at.
          assert.deepEqual(
            fields.filter((field) => !cell.includes(`\`${field}\``)),
            [],
          );
        });
    }
  });
