import { useEffect, useRef, useState } from 'react';
import type { ChatMessage } from '../api/types';
import { type AnswerNotes, statusOf } from './answerNotes';
import { questionsOf } from './messages';

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
  const asks = questionsOf(messages).length > 0;

  useEffect(() => {
    if (wasBusy.current && !busy) setEnded(endingOf(stopped, asks));
    wasBusy.current = busy;
  }, [busy, stopped, asks]);

  return (
    <div className="visually-hidden" aria-live="polite" data-testid="live-status">
      {busy ? statusOf(last, notes, null) || 'Scorpio is writing' : ended}
    </div>
  );
}

function endingOf(stopped: boolean, asks: boolean): string {
  if (asks) return 'Waiting for your approval';
  return stopped ? 'The answer was stopped' : 'The answer is complete';
}
