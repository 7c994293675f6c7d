/** docs/reference/reasons.md: every reason of a condition or an event, when it is given, and what a person does about it. */
import { remedies, type Reason } from '../../operator/api/conditions.ts';
import { eventKinds, turnsTold, type EventReason } from '../../operator/api/events.ts';
import { code, headsOf, page, table } from './markdown.ts';
import { conditionMeanings, eventMeanings } from './reason-meanings.ts';
import type { Tongue } from './tongue.ts';

export function reasonsReference(tongue: Tongue): string {
  const tell = (key: string, english: string) => tongue.tell(`reasons/${key}`, english);
  const todo = (key: string, english: string) =>
    english === '' ? tell('nothing', 'nothing') : tell(key, english);
  const conditions = (Object.keys(remedies) as Reason[]).map((reason) => [
    code(reason),
    conditionMeanings[reason].on.map(code).join(', '),
    tell(`when ${reason}`, conditionMeanings[reason].when),
    eventTypeOf(reason),
    todo(reason, remedies[reason]),
  ]);
  const events = (Object.keys(eventKinds) as EventReason[]).map((reason) => [
    code(reason),
    eventKinds[reason].type,
    tell(`event ${reason}`, eventMeanings[reason].when),
    todo(`remedy of event ${reason}`, eventMeanings[reason].todo),
  ]);
  return page(
    tongue,
    tell('title', 'Reasons of conditions and events'),
    '`operator/api/conditions.ts`, `operator/api/events.ts` and `docs/generate/reason-meanings.ts`',
    tell('intro', 'A reason keeps its meaning for ever, so that it can be waited for and alerted on.'),
    `## ${tell('conditions', 'Of conditions')}`,
    tell(
      'intro of conditions',
      'The remedy also ends the message of the condition. `Ready` repeats the reason of the condition that a person should read first. Some are told in an event too when the condition turns, with the same reason and message; its type is given.',
    ),
    table(headsOf(tongue, ['reason', 'condition', 'when', 'event', 'what to do']), conditions),
    `## ${tell('events', 'Of events')}`,
    tell(
      'intro of events',
      '`kubectl describe lsc NAME` shows them, in the order in which they were told. The pods and the StatefulSet have events of their own, by Kubernetes.',
    ),
    table(headsOf(tongue, ['reason', 'type', 'when', 'what to do']), events),
  );
}

/** Of the event that tells of it, if one does. */
function eventTypeOf(reason: Reason): string {
  const told = turnsTold.find(([condition, status]) =>
    conditionMeanings[reason].on.some((side) => side === `${condition}=${status}`),
  );
  return told?.[2] ?? '';
}
