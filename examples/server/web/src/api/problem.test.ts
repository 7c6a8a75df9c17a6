import { expect, test } from 'vitest';
import { asProblem, Problem, parseProblem } from './problem';

const now = new Date('2025-01-01T10:00:00Z');

test('reads problem+json', () => {
  const body = JSON.stringify({ detail: 'Used up.', code: 'rate_limit:chat', retry_after: 60 });
  const problem = parseProblem(429, body, null, now);
  expect(problem.message).toBe('Used up.');
  expect(problem.kind).toBe('rate_limit');
  expect(problem.retryAt).toEqual(new Date('2025-01-01T10:01:00Z'));
});

test('makes a problem of a page that a proxy sent', () => {
  const problem = parseProblem(503, '<html>Bad</html>', '5', now);
  expect(problem.code).toBe('offline:api');
  expect(problem.message).toBe('The server is not ready at the moment.');
  expect(problem.retryAt).toEqual(new Date('2025-01-01T10:00:05Z'));
});

test('keeps no time when the server gave none', () => {
  expect(parseProblem(500, '{}', null, now).retryAt).toBeNull();
});

test('takes a failed fetch for an unreachable server', () => {
  expect(asProblem(new TypeError('Failed to fetch')).kind).toBe('unreachable');
  const problem = Problem.brokenAnswer('The model went away.');
  expect(asProblem(problem)).toBe(problem);
});
