import type { DynamicToolUIPart } from 'ai';
import type { Approval, ApprovalAnswer } from '../api/types';
import { ApprovalCard } from './ApprovalCard';
import { ToolCard } from './ToolCard';

export interface Questions {
  approvals: readonly Approval[];
  onAnswer: (approvalId: string, answer: ApprovalAnswer) => Promise<void>;
}

interface ToolGroupProps {
  parts: DynamicToolUIPart[];
  answerRuns: boolean;
  /** Absent where nothing can be answered. */
  questions?: Questions;
}

/** The tool calls of one turn, as one list. */
export function ToolGroup({ parts, answerRuns, questions }: ToolGroupProps) {
  const label = parts.length === 1 ? 'One tool call' : `${parts.length} tool calls`;
  return (
    <section className="tool-group" aria-label={label}>
      {parts.map((part) => {
        if (questions === undefined || part.state !== 'approval-requested') {
          return <ToolCard key={part.toolCallId} part={part} answerRuns={answerRuns} />;
        }
        const { id } = part.approval;
        return (
          <ApprovalCard
            key={id}
            part={part}
            approval={questions.approvals.find((approval) => approval.id === id)}
            onAnswer={(answer) => questions.onAnswer(id, answer)}
          />
        );
      })}
    </section>
  );
}
