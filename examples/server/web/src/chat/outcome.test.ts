import { expect, test } from 'vitest';
import { Problem } from '../api/problem';
import { outcomeOf } from './outcome';

const none = { error: undefined, answer: undefined, stopRequested: false };
const complete = { finishReason: 'stop', aborted: false };
const cut = { finishReason: undefined, aborted: false };

test('an answer with a reason to finish is finished', () => {
  expect(outcomeOf({ ...none, answer: complete }).kind).toBe('finished');
});

test('an answer without one was cut off', () => {
  expect(outcomeOf({ ...none, answer: cut }).kind).toBe('disconnected');
});

test('a stop that the reader asked for is no disconnection', () => {
  expect(outcomeOf({ ...none, answer: cut, stopRequested: true }).kind).toBe('stopped');
  expect(outcomeOf({ ...none, answer: { ...cut, aborted: true } }).kind).toBe('stopped');
});

test('nothing to resume is idle', () => {
  expect(outcomeOf(none).kind).toBe('idle');
});

test('tells a refusal, a lost connection and a failed answer apart', () => {
  const refusal = new Problem({ detail: 'No.', status: 429, code: 'rate_limit:chat' });
  expect(outcomeOf({ ...none, error: refusal })).toEqual({ kind: 'rejected', problem: refusal });
  expect(outcomeOf({ ...none, error: new TypeError('Load failed') }).kind).toBe('disconnected');
  const failed = outcomeOf({ ...none, error: new Error('The model failed.'), answer: cut });
  expect(failed.kind === 'failed' && failed.problem.message).toBe('The model failed.');
});
