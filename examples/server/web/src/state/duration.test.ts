import { expect, test } from 'vitest';
import { durationFrom, formatDuration } from './duration';

test('words durations from tenths of a second to minutes', () => {
  expect(formatDuration(3)).toBe('0.1 s');
  expect(formatDuration(840)).toBe('0.8 s');
  expect(formatDuration(12_400)).toBe('12 s');
  expect(formatDuration(65_000)).toBe('1 min 5 s');
});

test('reads the duration that the server measured', () => {
  expect(durationFrom({ scorpio: { durationMs: 12 } })).toBe(12);
  expect(durationFrom({ scorpio: {} })).toBeNull();
  expect(durationFrom(undefined)).toBeNull();
});
