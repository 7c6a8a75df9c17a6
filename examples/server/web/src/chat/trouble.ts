/** What is left to do after a request for an answer went wrong. */
import { Problem } from '../api/problem';
import type { Outcome } from './outcome';

export interface Trouble {
  problem: Problem;
  /** Where the reader's work is now. */
  kept: 'draft' | 'question' | 'answer' | 'nothing';
  retry: 'resend' | 'regenerate' | 'load' | null;
}

/** Refusals that sending the same again at once cannot cure; the question goes back into the composer. */
const refusals = new Set([
  'rate_limit',
  'conflict',
  'unauthorized',
  'forbidden',
  'not_found',
  'bad_request',
  'too_large',
  'unsupported_media_type',
]);

export function troubleOf(request: 'send' | 'regenerate' | 'resume', outcome: Outcome): Trouble | null {
  switch (outcome.kind) {
    case 'failed':
      return { problem: outcome.problem, kept: 'answer', retry: 'regenerate' };
    case 'disconnected':
      return request === 'send'
        ? { problem: Problem.unreachable(), kept: 'question', retry: 'resend' }
        : { problem: Problem.unreachable(), kept: 'answer', retry: 'load' };
    case 'rejected':
      return troubleOfRefusal(request, outcome.problem);
    default:
      return null;
  }
}

function troubleOfRefusal(request: 'send' | 'regenerate' | 'resume', problem: Problem): Trouble {
  if (problem.kind === 'conflict') {
    return { problem, kept: request === 'send' ? 'draft' : 'nothing', retry: 'load' };
  }
  if (request === 'resume') return { problem, kept: 'answer', retry: 'load' };
  if (request === 'regenerate') return { problem, kept: 'answer', retry: 'regenerate' };
  if (refusals.has(problem.kind)) return { problem, kept: 'draft', retry: null };
  return { problem, kept: 'question', retry: 'resend' };
}
