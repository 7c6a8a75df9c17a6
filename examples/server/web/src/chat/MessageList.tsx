import { type RefObject, useRef } from 'react';
import type { ChatMessage } from '../api/types';
import { useStore } from '../state/store';
import { Activity } from './Activity';
import type { AnswerNotes } from './answerNotes';
import { AssistantMessage } from './AssistantMessage';
import { waysAt } from './branches';
import type { Conversation } from './conversation';
import { questionsOf } from './messages';
import { UserMessage } from './UserMessage';
import { useOlderOnScroll } from './useOlderOnScroll';

interface MessageListProps {
  messages: ChatMessage[];
  busy: boolean;
  notes: AnswerNotes;
  scroller: RefObject<HTMLElement | null>;
  conversation: Conversation;
}

export function MessageList({ messages, busy, notes, scroller, conversation }: MessageListProps) {
  const { approvals, branches, probing } = useStore(conversation.state);
  const marker = useRef<HTMLDivElement>(null);
  const shown = useOlderOnScroll(messages.length, scroller, marker);
  const first = messages.length - shown;
  const last = messages.at(-1);
  const waits = questionsOf(messages).length > 0;
  return (
    <>
      {first > 0 && <div ref={marker} className="older-marker" />}
      {messages.slice(first).map((message) => {
        if (message.role === 'user') {
          return (
            <UserMessage
              key={message.id}
              message={message}
              busy={busy}
              branches={waysAt(branches, 'question', message.id) ?? undefined}
              onSwitch={conversation.switchBranch}
              onEdit={conversation.edit}
            />
          );
        }
        const isLast = message === last;
        return (
          <AssistantMessage
            key={message.id}
            message={message}
            running={busy && isLast}
            notes={isLast ? notes : undefined}
            onRegenerate={isLast && !busy && !waits && !probing ? conversation.regenerate : undefined}
            questions={isLast && !busy ? { approvals, onAnswer: conversation.answer } : undefined}
            busy={busy}
            branches={waysAt(branches, 'answer', message.id) ?? undefined}
            onSwitch={conversation.switchBranch}
            onFork={conversation.fork}
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
