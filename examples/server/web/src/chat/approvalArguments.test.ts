import { expect, test } from 'vitest';
import { parseArguments } from './approvalArguments';

test('an object is taken as it is', () => {
  expect(parseArguments('{"to": "ada", "n": [1]}')).toEqual({ kind: 'valid', value: { to: 'ada', n: [1] } });
});

test('what is no object is refused', () => {
  for (const text of ['[]', '1', '"x"', 'null']) {
    expect(parseArguments(text)).toEqual({ kind: 'invalid', why: 'The arguments must be an object: { … }' });
  }
});

test('what is no JSON is refused with the reason', () => {
  const edited = parseArguments('{"to": }');
  expect(edited.kind).toBe('invalid');
  expect(edited).toHaveProperty('why', expect.stringMatching(/JSON/));
});
