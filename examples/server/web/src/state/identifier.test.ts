import { expect, test } from 'vitest';
import { newIdentifier } from './identifier';

test('makes version 4 UUIDs that differ', () => {
  const first = newIdentifier();
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(newIdentifier()).not.toBe(first);
});
