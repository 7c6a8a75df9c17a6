/** What is said about a tool that asks first. */
import type { Approval } from '../api/types';

const effects: Record<NonNullable<Approval['effects']>, string> = {
  none: 'It computes something and touches nothing.',
  read_private: 'It reads private data and changes nothing.',
  write: 'It changes something.',
  egress: 'It sends something out.',
};

export function effectsSentence(of: Approval['effects']): string {
  return of === undefined ? 'It is not known what it can touch.' : effects[of];
}

export function reasonSentence(reason: Approval['reason']): string {
  return reason === 'outcome_unknown'
    ? 'It was started before the server ended, and nobody knows whether it took effect. May it run again? '
    : '';
}
