import { memo } from 'react';
import type { ChatMessage } from '../api/types';
import { CopyButton } from '../ui/CopyButton';
import { textOf } from './messages';

export const UserMessage = memo(function UserMessage({ message }: { message: ChatMessage }) {
  return (
    <article className="message user" data-testid="message-user" aria-label="You">
      <div className="message-actions">
        <CopyButton text={() => textOf(message)} label="Copy message" />
      </div>
      <div className="bubble">{textOf(message)}</div>
    </article>
  );
});
