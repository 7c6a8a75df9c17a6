import { expect, test } from 'vitest';
import type { ChatMessage } from '../api/types';
import { activityOf } from './currentActivity';

const answer = (...parts: ChatMessage['parts']): ChatMessage => ({ id: 'a', role: 'assistant', parts });
const call = { type: 'dynamic-tool', toolName: 'calculate', toolCallId: '1', input: {} } as const;

test('says what happens before and between texts', () => {
  expect(activityOf(undefined)).toBe('Waiting for the model');
  expect(activityOf(answer())).toBe('Waiting for the model');
  expect(activityOf(answer({ type: 'reasoning', text: 'Hm' }))).toBe('Thinking');
  expect(activityOf(answer({ ...call, state: 'input-available' }))).toBe('Calling Calculate');
  expect(activityOf(answer({ ...call, state: 'output-available', output: 1 }))).toBe('Reading the result');
  expect(activityOf(answer({ type: 'text', text: 'So' }))).toBe('');
});
