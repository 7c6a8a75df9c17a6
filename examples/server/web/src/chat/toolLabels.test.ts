import type { DynamicToolUIPart } from 'ai';
import { expect, test } from 'vitest';
import { prettyValue, summaryOf, toolLabel, toolState } from './toolLabels';

test('words the name of a tool', () => {
  expect(toolLabel({ toolName: 'current_time' })).toBe('Current time');
  expect(toolLabel({ toolName: 'webSearch' })).toBe('Web search');
  expect(toolLabel({ toolName: 'github.create-issue' })).toBe('Github create issue');
  expect(toolLabel({ toolName: 'x', title: 'Look it up' })).toBe('Look it up');
});

test('a call whose answer no longer runs was stopped', () => {
  const part = { type: 'dynamic-tool', toolName: 'x', toolCallId: '1', state: 'input-available', input: {} };
  expect(toolState(part as DynamicToolUIPart, true)).toBe('running');
  expect(toolState(part as DynamicToolUIPart, false)).toBe('stopped');
});

test('sums up the input in one line', () => {
  expect(summaryOf({ expression: '12*34' })).toBe('12*34');
  expect(summaryOf({ nested: {}, count: 3 })).toBe('3');
  expect(summaryOf('a\n  b')).toBe('a b');
  expect(summaryOf({})).toBe('');
  expect(summaryOf(null)).toBe('');
  expect(summaryOf('x'.repeat(200))).toHaveLength(81);
});

test('shows text as it is and values as JSON', () => {
  expect(prettyValue('plain')).toBe('plain');
  expect(prettyValue({ a: 1 })).toBe('{\n  "a": 1\n}');
});
