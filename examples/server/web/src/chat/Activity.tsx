import { useEffect, useState } from 'react';
import type { ChatMessage } from '../api/types';
import { type AnswerNotes, countsUntil, statusOf } from './answerNotes';

interface ActivityProps {
  message: ChatMessage | undefined;
  notes: AnswerNotes;
  /** Reasoning says so itself, in the line above. */
  thinking?: boolean;
}

/** The quiet line that says what the agent is doing. */
export function Activity(props: ActivityProps) {
  const until = countsUntil(props.message, props.notes);
  // Each wait begins with a clock of its own, which is right from the first moment.
  return <ActivityLine key={until} until={until} {...props} />;
}

function ActivityLine({ message, notes, thinking = false, until }: ActivityProps & { until: number | null }) {
  const label = statusOf(message, notes, useClock(until));
  return (
    <div className="activity">
      <span className="activity-dot" aria-hidden="true" />
      {thinking && label === 'Thinking' ? '' : label}
    </div>
  );
}

const tick = 250;

/** The time, which goes on only until the given one. */
function useClock(until: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (until === null) return;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= until) clearInterval(timer);
    }, tick);
    return () => clearInterval(timer);
  }, [until]);
  return now;
}
