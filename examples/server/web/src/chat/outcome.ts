/** How a request for an answer ended, told from what the SDK leaves behind. */
import { Problem } from '../api/problem';

export type Outcome =
  /** The answer is complete. */
  | { kind: 'finished' }
  /** The reader stopped it. */
  | { kind: 'stopped' }
  /** There was nothing to resume. */
  | { kind: 'idle' }
  /** The connection ended before the answer did; the server goes on writing. */
  | { kind: 'disconnected' }
  /** The server did not take the request. */
  | { kind: 'rejected'; problem: Problem }
  /** The answer broke off with a sentence for the reader. */
  | { kind: 'failed'; problem: Problem };

export interface EndOfRequest {
  error: Error | undefined;
  /** Absent when no answer was begun. */
  answer: { finishReason: string | undefined; aborted: boolean } | undefined;
  stopRequested: boolean;
}

export function outcomeOf({ error, answer, stopRequested }: EndOfRequest): Outcome {
  if (error instanceof Problem) return { kind: 'rejected', problem: error };
  if (stopRequested || answer?.aborted) return { kind: 'stopped' };
  // Browsers word a lost connection differently, but all of them throw a `TypeError`.
  if (error instanceof TypeError) return { kind: 'disconnected' };
  if (error !== undefined) return { kind: 'failed', problem: Problem.brokenAnswer(error.message) };
  if (answer === undefined) return { kind: 'idle' };
  // A stream that just ends was cut by something in between, or another tab stopped the answer.
  return answer.finishReason === undefined ? { kind: 'disconnected' } : { kind: 'finished' };
}
