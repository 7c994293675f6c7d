import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canTranslate, languagesOf, wantedPairs, type SpokenLanguages } from './languages.ts';

const nothing: SpokenLanguages = { recognises: undefined, speaks: undefined, translates: undefined };
const job = (src_lang: string, tgt_lang: string, part: object = {}) =>
  wantedPairs({ src_lang, tgt_lang, ...part });
const can = (node: Partial<SpokenLanguages>, wanted: ReturnType<typeof job>) =>
  canTranslate(languagesOf({ ...nothing, ...node }), wanted);

describe('a node that says which languages it can do', () => {
  it('gets everything when it says nothing', () => {
    assert.equal(languagesOf(nothing), undefined);
    assert.ok(can({}, job('zh', 'sw')));
  });

  const cases: readonly [
    title: string,
    node: Partial<SpokenLanguages>,
    wanted: ReturnType<typeof job>,
    able: boolean,
  ][] = [
    ['what it recognises', { recognises: ['zh', 'ja'] }, job('ja', 'en'), true],
    ['not what it does not recognise', { recognises: ['zh', 'ja'] }, job('ko', 'en'), false],
    ['what it speaks', { speaks: ['en'] }, job('ko', 'en'), true],
    ['not what it does not speak', { speaks: ['en'] }, job('en', 'ko'), false],
    [
      'not what it cannot translate, though it knows both languages',
      directions('zh>en', 'ja>zh'),
      job('ja', 'en'),
      false,
    ],
    ['a direction, not its reverse', directions('zh>en'), job('en', 'zh'), false],
    ['a direction it translates', directions('zh>en'), job('zh', 'en'), true],
    [
      'a direction of which it left one side open',
      { translates: [{ source: undefined, target: 'en' }] },
      job('ko', 'en'),
      true,
    ],
    [
      'not a direction it translates into a language it cannot speak',
      { ...directions('zh>en'), speaks: ['zh'] },
      job('zh', 'en'),
      false,
    ],
    ['a region of its language', { recognises: ['zh'] }, job('zh-CN', 'en'), true],
    ['its language without the region it named', { speaks: ['en_US'] }, job('zh', 'EN'), true],
    ['any source that is to be found out', { recognises: ['zh'], speaks: ['en'] }, job('auto', 'en'), true],
    ['a found-out source only towards what it translates to', directions('zh>en'), job('auto', 'ko'), false],
    ['nothing at all when its list is empty', { recognises: [] }, job('zh', 'en'), false],
  ];
  for (const [title, node, wanted, able] of cases) {
    it(`gets ${title}`, () => {
      assert.equal(can(node, wanted), able);
    });
  }

  it('gets what one of its directions covers, whatever either side leaves open', () => {
    const language = fc.constantFrom('zh', 'en', 'ja', undefined);
    const direction = fc.record({ source: language, target: language });
    fc.assert(
      fc.property(fc.array(direction, { maxLength: 4 }), direction, (translates, asked) => {
        const isOpenOr = (known: string | undefined, wanted: string | undefined) =>
          known === undefined || wanted === undefined || known === wanted;
        const expected = translates.some(
          ({ source, target }) => isOpenOr(source, asked.source) && isOpenOr(target, asked.target),
        );
        assert.equal(can({ translates }, job(asked.source ?? 'auto', asked.target ?? 'auto')), expected);
      }),
    );
  });

  it('must translate both ways for a conversation whose source is found out', () => {
    const conversation = job('auto', 'en', { mode: 'two_way_auto', lang_a: 'zh', lang_b: 'en' });
    assert.equal(can(directions('zh>en'), conversation), false);
    assert.equal(can(directions('zh>en', 'en>zh'), conversation), true);
  });

  it('need translate only what is asked when the speaker is known', () => {
    const turn = job('zh', 'en', { mode: 'two_way_auto', lang_a: 'zh', lang_b: 'en' });
    assert.equal(can(directions('zh>en'), turn), true);
  });
});

function directions(...texts: string[]): Partial<SpokenLanguages> {
  const translates = texts.map((text) => {
    const [source, target] = text.split('>');
    return { source, target };
  });
  return { translates };
}
