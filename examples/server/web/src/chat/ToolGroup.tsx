import type { DynamicToolUIPart } from 'ai';
import { ToolCard } from './ToolCard';

interface ToolGroupProps {
  parts: DynamicToolUIPart[];
  answerRuns: boolean;
}

/** The tool calls of one turn, as one list. */
export function ToolGroup({ parts, answerRuns }: ToolGroupProps) {
  const label = parts.length === 1 ? 'One tool call' : `${parts.length} tool calls`;
  return (
    <section className="tool-group" aria-label={label}>
      {parts.map((part) => (
        <ToolCard key={part.toolCallId} part={part} answerRuns={answerRuns} />
      ))}
    </section>
  );
}
