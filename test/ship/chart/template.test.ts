/** The small template language, where the chart leans on it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definitionsIn, render } from './template.ts';

const dot = { a: 'x', empty: '', none: [], list: [1, 2], map: { b: 3, c: { d: true } } };

describe('a template', () => {
  const cases: readonly [template: string, text: string][] = [
    ['{{ .a }}-{{.map.b}}', 'x-3'],
    ['a\n  {{- .a }}\n b', 'ax\n b'],
    ['a {{ .a -}}  \n b', 'a xb'],
    ['{{- /* nothing */ -}}  a', 'a'],
    ['{{ if .empty }}yes{{ else }}no{{ end }}', 'no'],
    ['{{ if and .a (eq .a "x") }}yes{{ end }}', 'yes'],
    ['{{ if or .empty .none }}yes{{ end }}', ''],
    ['{{ with .map }}{{ .b }}{{ end }}{{ with .none }}never{{ end }}', '3'],
    ['{{ range .list }}<{{ . }}>{{ end }}', '<1><2>'],
    ['{{ .empty | default .a }}', 'x'],
    ['{{ toYaml .map | nindent 2 }}', '\n  b: 3\n  c:\n    d: true'],
    ['{{ include "greet" .map | nindent 1 }}', '\n hello 3'],
  ];
  const greeting = definitionsIn(['{{ define "greet" -}}\nhello {{ .b }}\n{{- end }}']);
  for (const [template, text] of cases)
    it(`${JSON.stringify(template)} is ${JSON.stringify(text)}`, () => {
      assert.equal(render(template, dot, greeting), text);
    });
});

describe('a template that is wrong', () => {
  const cases: readonly [template: string, says: RegExp][] = [
    ['{{ .map.x }}', /no \.map\.x/],
    ['{{ shout .a }}', /no function shout/],
    ['{{ include "x" . }}', /no template x/],
    ['{{ if .a }}', /no end/],
    ['{{ end }}', /ends nothing/],
    ['{{ .map }}', /nothing that can be printed/],
    ['{{ eq .a "x" }} {{ (eq .a }}', /no \)/],
  ];
  for (const [template, says] of cases)
    it(`${template} says so`, () => {
      assert.throws(() => render(template, dot, new Map()), says);
    });
});
