import type { ChatMessage } from '../api/types';
import { sectionsOf } from './messages';
import { toolLabel, toolState } from './toolLabels';

/** What the agent is doing now, for the line under the answer; empty while the text itself shows it. */
export function activityOf(message: ChatMessage | undefined): string {
  if (message?.role !== 'assistant') return 'Waiting for the model';
  const last = sectionsOf(message).at(-1);
  if (last === undefined) return 'Waiting for the model';
  if (last.kind === 'reasoning') return 'Thinking';
  if (last.kind !== 'tools') return '';
  if (last.parts.some((part) => part.state === 'approval-requested')) return 'Waiting for your approval';
  const running = last.parts.find((part) => ['preparing', 'running'].includes(toolState(part, true)));
  return running === undefined ? 'Reading the result' : `Calling ${toolLabel(running)}`;
}
