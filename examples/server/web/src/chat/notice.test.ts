import { expect, test } from 'vitest';
import { Problem } from '../api/problem';
import { clockTime, noticeOf } from './notice';

const now = new Date(2025, 0, 1, 10, 0);
const problem = (code: string, retryAt: Date | null = null) =>
  new Problem({ detail: 'Detail.', status: 400, code, retryAt });

test('a used-up quota offers a guest to sign up and says until when to wait', () => {
  const retryAt = new Date(2025, 0, 1, 14, 5);
  const notice = noticeOf(
    { problem: problem('rate_limit:chat', retryAt), kept: 'draft', retry: null },
    true,
    now,
  );
  expect(notice.tone).toBe('warning');
  expect(notice.actions).toEqual(['sign-up', 'sign-in']);
  expect(notice.sentences).toContain('Your message is back in the box below.');
  expect(notice.sentences.at(-1)).toBe(`Try again at ${clockTime(retryAt, now)}.`);
});

test('a registered user is not asked to sign up', () => {
  const notice = noticeOf({ problem: problem('rate_limit:chat'), kept: 'draft', retry: null }, false, now);
  expect(notice.actions).toEqual([]);
});

test('a model that needs an account is a reason to sign up, and other refusals are not', () => {
  const refused = (code: string, isGuest: boolean) =>
    noticeOf({ problem: problem(code), kept: 'draft', retry: null }, isGuest, now).actions;
  expect(refused('forbidden:model', true)).toEqual(['sign-up', 'sign-in']);
  expect(refused('forbidden:model', false)).toEqual([]);
  expect(refused('forbidden:chat', true)).toEqual([]);
});

test('a running answer can be followed', () => {
  const notice = noticeOf({ problem: problem('conflict:chat'), kept: 'draft', retry: 'load' }, true, now);
  expect(notice.actions).toEqual(['follow']);
});

test('an unknown code is still told kindly', () => {
  const notice = noticeOf(
    { problem: problem('internal:database'), kept: 'question', retry: 'resend' },
    true,
    now,
  );
  expect(notice).toMatchObject({ tone: 'error', title: 'Something went wrong', actions: ['retry'] });
});

test('names the day when it is another', () => {
  expect(clockTime(new Date(2025, 0, 2, 9, 0), now)).toContain(',');
  expect(clockTime(new Date(2025, 0, 1, 9, 0), now)).not.toContain(',');
});
