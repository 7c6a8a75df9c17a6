import { expect, test } from 'vitest';
import type { Branch } from '../api/types';
import { waysAt } from './branches';

const branches: Branch[] = [
  {
    after: 0,
    differs: 'answer',
    ways: [
      { seq: 1, messageId: 'q', answerId: 'a', current: false },
      { seq: 3, messageId: 'q', answerId: 'b', current: true },
    ],
  },
  {
    after: 4,
    differs: 'question',
    ways: [
      { seq: 5, messageId: 'r', current: true },
      { seq: 7, messageId: 'r', current: false },
    ],
  },
];

test('an answer that was written anew has its ways, its question has none', () => {
  expect(waysAt(branches, 'answer', 'b')).toEqual({ current: 1, seqs: [1, 3] });
  expect(waysAt(branches, 'question', 'q')).toBeNull();
});

test('a question that was edited has its ways', () => {
  expect(waysAt(branches, 'question', 'r')).toEqual({ current: 0, seqs: [5, 7] });
  expect(waysAt(branches, 'answer', 'r')).toBeNull();
});

test('what is not shown has none', () => {
  expect(waysAt(branches, 'answer', 'a')).toBeNull();
  expect(waysAt([], 'question', 'r')).toBeNull();
});
