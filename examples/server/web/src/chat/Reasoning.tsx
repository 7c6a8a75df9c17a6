import type { ReasoningUIPart } from 'ai';
import { Brain, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { Markdown } from '../markdown/Markdown';
import { durationFrom, formatDuration } from '../state/duration';
import { useMeasured } from '../state/useMeasured';
import { reasoningText } from './messages';

interface ReasoningProps {
  /** Names this piece of reasoning for as long as the page lives. */
  id: string;
  parts: ReasoningUIPart[];
  thinking: boolean;
}

export function Reasoning({ id, parts, thinking }: ReasoningProps) {
  const [open, setOpen] = useState(false);
  const measured = useMeasured(id, thinking);
  const duration = reportedDuration(parts) ?? measured;
  return (
    <details
      className={thinking ? 'reasoning thinking' : 'reasoning'}
      data-testid="reasoning"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <Brain className="tool-icon" aria-hidden="true" />
        <span className="reasoning-label">{labelFor(thinking, duration)}</span>
        <ChevronRight className="chevron" aria-hidden="true" />
      </summary>
      {open && (
        <div className="reasoning-text">
          <Markdown text={reasoningText(parts)} growing={thinking} />
        </div>
      )}
    </details>
  );
}

function labelFor(thinking: boolean, duration: number | null): string {
  const time = duration === null ? null : formatDuration(duration);
  if (thinking) return time === null ? 'Thinking' : `Thinking for ${time}`;
  return time === null ? 'Thought about it' : `Thought for ${time}`;
}

function reportedDuration(parts: ReasoningUIPart[]): number | null {
  const durations = parts.map((part) => durationFrom(part.providerMetadata));
  return durations.reduce<number | null>(
    (total, duration) => (duration === null ? total : (total ?? 0) + duration),
    null,
  );
}
