import { expect, test } from 'vitest';
import type { ChatMessage } from '../api/types';
import { extentOf, isSettled, sectionsOf, steadier, textOf, withStatus } from './messages';

const call = (id: string): ChatMessage['parts'][number] => ({
  type: 'dynamic-tool',
  toolName: 'calculate',
  toolCallId: id,
  state: 'output-available',
  input: {},
  output: 1,
});

const answer = (...parts: ChatMessage['parts']): ChatMessage => ({ id: 'a', role: 'assistant', parts });

test('joins the texts of a message', () => {
  expect(textOf(answer({ type: 'text', text: 'One.' }, call('1'), { type: 'text', text: 'Two.' }))).toBe(
    'One.\n\nTwo.',
  );
});

test('neighbouring tool calls make one section, over the borders of steps', () => {
  const sections = sectionsOf(
    answer(
      { type: 'step-start' },
      call('1'),
      { type: 'step-start' },
      call('2'),
      { type: 'text', text: 'Done.' },
      call('3'),
    ),
  );
  expect(sections.map((section) => section.kind)).toEqual(['tools', 'text', 'tools']);
  expect(sections[0]?.kind === 'tools' && sections[0].parts.length).toBe(2);
});

test('an empty text neither shows nor separates', () => {
  expect(sectionsOf(answer(call('1'), { type: 'text', text: '' }, call('2')))).toHaveLength(1);
});

test('empty reasoning is left out', () => {
  expect(sectionsOf(answer({ type: 'reasoning', text: ' ' }))).toHaveLength(0);
});

test('a replay is held back until it has caught up', () => {
  const shown = answer({ type: 'text', text: 'Hello world' });
  const behind = answer({ type: 'text', text: 'Hel' });
  const ahead = answer({ type: 'text', text: 'Hello world!' });
  expect(steadier(shown, behind)).toBe(shown);
  expect(steadier(shown, ahead)).toBe(ahead);
  expect(steadier(shown, { ...behind, id: 'b' }).id).toBe('b');
  expect(steadier(undefined, behind)).toBe(behind);
});

test('a finished tool call is more than a running one', () => {
  const running = {
    ...call('1'),
    state: 'input-available',
    output: undefined,
  } as ChatMessage['parts'][number];
  expect(extentOf(answer(call('1')))).toBeGreaterThan(extentOf(answer(running)));
});

test('only an answer with a known end is settled', () => {
  const question: ChatMessage = { id: 'q', role: 'user', parts: [{ type: 'text', text: 'Hi' }] };
  expect(isSettled([])).toBe(true);
  expect(isSettled([question])).toBe(false);
  expect(isSettled([question, answer()])).toBe(false);
  expect(isSettled(withStatus([question, answer()], 'stopped'))).toBe(true);
  expect(withStatus([question], 'stopped')).toEqual([question]);
});
