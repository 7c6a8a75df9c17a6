import { expect, test } from 'vitest';
import { cutBlocks, noBlocks, sourcesOf } from './blocks';

const document = `# Title

First paragraph
of two lines.

- one

- two

    indented code

\`\`\`rust
fn main() {

}
\`\`\`

| a | b |
|---|---|
| 1 | 2 |

See [the book][book].

[book]: https://example.com/book
`;

test('cuts at the top-level blocks', () => {
  const sources = sourcesOf(cutBlocks('# A\n\ntext\n\n- b\n\n- c\n\n```\nx\n\ny\n```\n'));
  expect(sources).toEqual(['# A', 'text', '- b\n\n- c', '```\nx\n\ny\n```']);
});

test('cutting piece by piece gives what cutting at once gives', () => {
  for (const size of [1, 3, 17]) {
    let blocks = noBlocks;
    for (let end = size; end < document.length + size; end += size) {
      blocks = cutBlocks(document.slice(0, end), blocks);
    }
    expect(blocks.starts).toEqual(cutBlocks(document).starts);
  }
});

test('a finished block keeps its source while the text grows', () => {
  const first = cutBlocks('one\n\ntwo');
  const second = cutBlocks('one\n\ntwo and more\n\nthree', first);
  expect(sourcesOf(second)).toEqual(['one', 'two and more', 'three']);
});

test('a text that is no continuation is cut anew', () => {
  expect(sourcesOf(cutBlocks('other', cutBlocks('one\n\ntwo')))).toEqual(['other']);
});

test('blocks with references get the definitions', () => {
  const sources = sourcesOf(cutBlocks(document));
  expect(sources.find((source) => source.startsWith('See'))).toContain('[book]: https://example.com/book');
});
