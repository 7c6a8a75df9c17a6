import { type RefObject, useRef } from 'react';
import type { ChatMessage } from '../api/types';
import { Activity } from './Activity';
import type { AnswerNotes } from './answerNotes';
import { AssistantMessage } from './AssistantMessage';
import { UserMessage } from './UserMessage';
import { useOlderOnScroll } from './useOlderOnScroll';

interface MessageListProps {
  messages: ChatMessage[];
  busy: boolean;
  notes: AnswerNotes;
  scroller: RefObject<HTMLElement | null>;
  onRegenerate: () => void;
}

export function MessageList({ messages, busy, notes, scroller, onRegenerate }: MessageListProps) {
  const marker = useRef<HTMLDivElement>(null);
  const shown = useOlderOnScroll(messages.length, scroller, marker);
  const first = messages.length - shown;
  const last = messages.at(-1);
  return (
    <>
      {first > 0 && <div ref={marker} className="older-marker" />}
      {messages.slice(first).map((message) => {
        if (message.role === 'user') return <UserMessage key={message.id} message={message} />;
        const isLast = message === last;
        return (
          <AssistantMessage
            key={message.id}
            message={message}
            running={busy && isLast}
            notes={isLast ? notes : undefined}
            onRegenerate={isLast && !busy ? onRegenerate : undefined}
          />
        );
      })}
      {busy && last?.role === 'user' && (
        <div className="message waiting">
          <Activity message={undefined} notes={notes} />
        </div>
      )}
    </>
  );
}
