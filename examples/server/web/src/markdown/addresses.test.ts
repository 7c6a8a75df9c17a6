import { expect, test } from 'vitest';
import { hostBeside, safeAddress } from './addresses';

test('lets only web and mail addresses through', () => {
  expect(safeAddress('https://example.com/a')).toBe('https://example.com/a');
  expect(safeAddress('mailto:a@example.com')).toBe('mailto:a@example.com');
  for (const address of [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,x',
    '/chat/1',
    '#x',
    '',
  ]) {
    expect(safeAddress(address)).toBeNull();
  }
});

test('shows the host unless the text does', () => {
  expect(hostBeside('https://www.example.com/a', 'a page')).toBe('example.com');
  expect(hostBeside('https://example.com/a', 'Example.com')).toBeNull();
  expect(hostBeside('mailto:a@example.com', 'mail')).toBeNull();
});
