import { useEffect, useRef, useState } from 'react';
import type { ChatMessage } from '../api/types';
import { type AnswerNotes, statusOf } from './answerNotes';

interface LiveStatusProps {
  busy: boolean;
  messages: ChatMessage[];
  notes: AnswerNotes;
}

/** Tells a screen reader what goes on: each step once, and the end, but not every word as it arrives. */
export function LiveStatus({ busy, messages, notes }: LiveStatusProps) {
  const last = messages.at(-1);
  const [ended, setEnded] = useState('');
  const wasBusy = useRef(false);
  const stopped = last?.metadata?.status === 'stopped';

  useEffect(() => {
    if (wasBusy.current && !busy) setEnded(stopped ? 'The answer was stopped' : 'The answer is complete');
    wasBusy.current = busy;
  }, [busy, stopped]);

  return (
    <div className="visually-hidden" aria-live="polite" data-testid="live-status">
      {busy ? statusOf(last, notes, null) || 'Scorpio is writing' : ended}
    </div>
  );
}
