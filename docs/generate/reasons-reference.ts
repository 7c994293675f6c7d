/** docs/reference/reasons.md: every reason of a condition, and what a person does about it. */
import { remedies } from '../../operator/api/conditions.ts';
import { code, headsOf, page, table } from './markdown.ts';
import type { Tongue } from './tongue.ts';

export function reasonsReference(tongue: Tongue): string {
  return page(
    tongue,
    tongue.tell('reasons/title', 'Reasons of conditions'),
    '`operator/api/conditions.ts`',
    tongue.tell(
      'reasons/intro',
      'A reason keeps its meaning for ever, so that it can be waited for and alerted on. The remedy also ends the message of the condition.',
    ),
    table(
      headsOf(tongue, ['reason', 'what to do']),
      Object.entries(remedies).map(([reason, remedy]) => [
        code(reason),
        remedy ? tongue.tell(`reasons/${reason}`, remedy) : tongue.tell('reasons/nothing', 'nothing'),
      ]),
    ),
  );
}
