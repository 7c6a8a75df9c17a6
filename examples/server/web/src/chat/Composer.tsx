import { ArrowUp, Square } from 'lucide-react';
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef } from 'react';
import { useStore } from '../state/store';
import type { Conversation } from './conversation';
import { ModelPicker } from './ModelPicker';

interface ComposerProps {
  conversation: Conversation;
  busy: boolean;
  /** The first screen, with the suggestions, is over. */
  begun: boolean;
  onSend: (text: string) => void;
}

export function Composer({ conversation, busy, begun, onSend }: ComposerProps) {
  const { draft, stopping } = useStore(conversation.state);
  const field = useRef<HTMLTextAreaElement>(null);

  // A suggestion that was chosen takes the focus away with it.
  useEffect(() => {
    // On a touch screen the keyboard would cover half the page.
    if (matchMedia('(hover: hover)').matches) field.current?.focus();
  }, [begun]);

  // The stylesheet ends the growth at eight lines.
  // The height follows the text, whoever has changed it.
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [draft]);

  const send = () => {
    const text = draft.trim();
    if (text === '' || busy) return;
    onSend(text);
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    // Enter that ends the composition of a character belongs to the input method.
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === 'ArrowUp' && draft === '' && conversation.lastQuestion !== '') {
      event.preventDefault();
      conversation.setDraft(conversation.lastQuestion);
    }
  };

  return (
    <div className="composer">
      <textarea
        ref={field}
        rows={1}
        value={draft}
        placeholder="Ask anything"
        aria-label="Message"
        data-testid="composer"
        onChange={(event) => conversation.setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="composer-bar">
        <ModelPicker conversation={conversation} />
        {busy ? (
          <button
            type="button"
            className="send-button stop"
            aria-label="Stop the answer"
            title="Stop (Esc)"
            data-testid="stop"
            disabled={stopping}
            onClick={() => void conversation.stop()}
          >
            <Square />
          </button>
        ) : (
          <button
            type="button"
            className="send-button"
            aria-label="Send"
            title="Send (Enter)"
            data-testid="send"
            disabled={draft.trim() === ''}
            onClick={send}
          >
            <ArrowUp />
          </button>
        )}
      </div>
    </div>
  );
}
