/** docs/reference/reasons.md: every reason of a condition, and what a person does about it. */
import { remedies } from '../../operator/api/conditions.ts';
import { code, page, table } from './markdown.ts';

export function reasonsReference(): string {
  return page(
    'Reasons of conditions',
    '`operator/api/conditions.ts`',
    'A reason keeps its meaning for ever, so that it can be waited for and alerted on. The remedy also ends the message of the condition.',
    table(
      ['reason', 'what to do'],
      Object.entries(remedies).map(([reason, remedy]) => [code(reason), remedy || 'nothing']),
    ),
  );
}
