import { expect, test } from 'vitest';
import { Problem } from '../api/problem';
import { troubleOf } from './trouble';

const refusal = (status: number, code: string) => ({
  kind: 'rejected' as const,
  problem: new Problem({ detail: 'No.', status, code }),
});

test('a used-up quota gives the question back', () => {
  expect(troubleOf('send', refusal(429, 'rate_limit:chat'))).toMatchObject({ kept: 'draft', retry: null });
});

test('a running answer can be looked at', () => {
  expect(troubleOf('send', refusal(409, 'conflict:chat'))).toMatchObject({ kept: 'draft', retry: 'load' });
});

test('a server that is down keeps the question in view', () => {
  expect(troubleOf('send', refusal(503, 'offline:api'))).toMatchObject({ kept: 'question', retry: 'resend' });
});

test('a refused regeneration keeps the old answer', () => {
  expect(troubleOf('regenerate', refusal(429, 'rate_limit:chat'))).toMatchObject({
    kept: 'answer',
    retry: 'regenerate',
  });
});

test('a finished or stopped answer is no trouble', () => {
  expect(troubleOf('send', { kind: 'finished' })).toBeNull();
  expect(troubleOf('send', { kind: 'stopped' })).toBeNull();
});
