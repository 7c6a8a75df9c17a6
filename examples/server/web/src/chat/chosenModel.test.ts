import { expect, test } from 'vitest';
import type { ModelList } from '../api/types';
import { answeredBy, chosenModel, isChoice, modelLabel } from './chosenModel';

const quick = { id: 'quick', name: 'Quick', demo: false };
const deep = { id: 'deep', name: 'Deep', demo: false };
const far = { id: 'far', name: 'Far', reason: 'Sign up to use this model.' };
const list: ModelList = { default: 'quick', models: [quick, deep], locked: [far] };

test('the chat comes before the last pick, and that before the default', () => {
  expect(chosenModel(list, 'quick', 'deep')).toBe(quick);
  expect(chosenModel(list, null, 'deep')).toBe(deep);
  expect(chosenModel(list, null, null)).toBe(quick);
});

test('what may not be chosen does not count', () => {
  expect(chosenModel(list, 'far', 'deep')).toBe(deep);
  expect(chosenModel(list, 'gone', 'far')).toBe(quick);
  expect(chosenModel({ ...list, default: 'gone' }, null, null)).toBe(quick);
  expect(chosenModel({ ...list, models: [] }, null, null)).toBe(null);
  expect(chosenModel(null, 'quick', 'quick')).toBe(null);
});

test('one model is no choice, unless there is another to sign up for', () => {
  expect(isChoice(null)).toBe(false);
  expect(isChoice({ ...list, models: [quick], locked: [] })).toBe(false);
  expect(isChoice({ ...list, models: [quick] })).toBe(true);
  expect(isChoice({ ...list, locked: [] })).toBe(true);
});

test('models are called what they are', () => {
  expect(modelLabel(quick)).toBe('Quick');
  expect(modelLabel({ ...quick, demo: true })).toBe('Quick · demo');
  expect(modelLabel({ ...quick, name: 'Demo', demo: true })).toBe('Demo');
  expect(answeredBy({ name: 'Deep' })).toBe('Deep');
  expect(answeredBy({ name: 'Deep', fellBackTo: 'gpt-5-mini' })).toBe('Deep, answered by gpt-5-mini');
});
