import { memo, useRef } from 'react';
import { type Blocks, cutBlocks, noBlocks, sourcesOf } from './blocks';
import { MarkdownBlock } from './MarkdownBlock';

interface MarkdownProps {
  text: string;
  /** The text still grows, so its last block is not complete. */
  growing: boolean;
}

export const Markdown = memo(function Markdown({ text, growing }: MarkdownProps) {
  const blocks = useRef<Blocks>(noBlocks);
  blocks.current = cutBlocks(text, blocks.current);
  const sources = sourcesOf(blocks.current);
  return (
    <div className="markdown">
      {sources.map((source, index) => (
        <MarkdownBlock
          // A block begins at the same place for as long as the text only grows.
          key={blocks.current.starts[index]}
          source={source}
          growing={growing && index === sources.length - 1}
        />
      ))}
    </div>
  );
});
