/**
 * Cuts Markdown into its top-level blocks, so that a growing answer re-renders its last block alone. When text was only
 * appended, parsing starts again at the last block: what stands before it cannot change any more.
 */
import { fromMarkdown } from 'mdast-util-from-markdown';

export interface Blocks {
  text: string;
  /** Where each block begins in the text. */
  starts: number[];
  /** Link definitions of the whole text, which blocks that refer to them need. */
  definitions: string;
}

export const noBlocks: Blocks = { text: '', starts: [], definitions: '' };

export function cutBlocks(text: string, previous: Blocks = noBlocks): Blocks {
  const appended = text.startsWith(previous.text);
  if (appended && text.length === previous.text.length) return previous;
  const kept = appended ? previous.starts.slice(0, -1) : [];
  const from = appended ? (previous.starts.at(-1) ?? 0) : 0;
  const starts = [...kept];
  let definitions = appended ? previous.definitions : '';

  const rest = text.slice(from);
  for (const node of fromMarkdown(rest).children) {
    const start = node.position?.start.offset ?? 0;
    // Indentation belongs to the block: four blanks in front of a line make it code.
    starts.push(from + rest.lastIndexOf('\n', start - 1) + 1);
    if (node.type === 'definition') definitions = addDefinition(definitions, sourceOf(rest, node.position));
  }
  return { text, starts, definitions };
}

/** The Markdown of each block, complete enough to be rendered alone. */
export function sourcesOf({ text, starts, definitions }: Blocks): string[] {
  return starts.map((start, index) => {
    const source = text.slice(start, starts[index + 1]).trimEnd();
    return definitions !== '' && source.includes('[') ? `${source}\n\n${definitions}` : source;
  });
}

function addDefinition(definitions: string, definition: string): string {
  return definitions.includes(definition) ? definitions : `${definitions}${definition}\n`;
}

function sourceOf(text: string, position?: { start: { offset?: number }; end: { offset?: number } }): string {
  return text.slice(position?.start.offset, position?.end.offset);
}
