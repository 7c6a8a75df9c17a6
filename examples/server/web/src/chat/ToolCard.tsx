import type { DynamicToolUIPart } from 'ai';
import { ChevronRight, LoaderCircle } from 'lucide-react';
import { useState } from 'react';
import { durationFrom, formatDuration } from '../state/duration';
import { useMeasured } from '../state/useMeasured';
import { CopyButton } from '../ui/CopyButton';
import { prettyValue, summaryOf, toolIcon, toolLabel, toolState, toolStateLabels } from './toolLabels';

interface ToolCardProps {
  part: DynamicToolUIPart;
  answerRuns: boolean;
}

export function ToolCard({ part, answerRuns }: ToolCardProps) {
  const [open, setOpen] = useState(false);
  const state = toolState(part, answerRuns);
  const active = state === 'preparing' || state === 'running';
  const measured = useMeasured(part.toolCallId, active);
  const reported = part.state === 'output-available' ? durationFrom(part.resultProviderMetadata) : null;
  const duration = reported ?? measured;
  const Icon = active ? LoaderCircle : toolIcon(part.toolName);
  return (
    <details
      className={`tool-card ${state}`}
      data-testid="tool-card"
      data-state={state}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <Icon className={active ? 'tool-icon spinning' : 'tool-icon'} aria-hidden="true" />
        <span className="tool-label">{toolLabel(part)}</span>
        <span className="tool-summary">{summaryOf(part.input)}</span>
        <span className="tool-state">{toolStateLabels[state]}</span>
        {duration !== null && <span className="tool-duration">{formatDuration(duration)}</span>}
        <ChevronRight className="chevron" aria-hidden="true" />
      </summary>
      {open && <ToolDetails part={part} />}
    </details>
  );
}

function ToolDetails({ part }: { part: DynamicToolUIPart }) {
  return (
    <div className="tool-details">
      {part.input !== undefined && <Value title="Input" text={prettyValue(part.input)} />}
      {part.state === 'output-available' && <Value title="Output" text={prettyValue(part.output) ?? ''} />}
      {part.state === 'output-error' && <Value title="What the model was told" text={part.errorText} />}
      {part.state === 'output-denied' && (
        <Value title="Why not" text={part.approval.reason ?? 'You did not allow it.'} />
      )}
      <p className="tool-name">
        Tool <code>{part.toolName}</code>
      </p>
    </div>
  );
}

function Value({ title, text }: { title: string; text: string }) {
  return (
    <section className="tool-value" aria-label={title}>
      <header>
        <span>{title}</span>
        <CopyButton text={() => text} label={`Copy ${title.toLowerCase()}`} />
      </header>
      {/* Long values scroll, and the keyboard must be able to. */}
      <pre tabIndex={0}>{text}</pre>
    </section>
  );
}
