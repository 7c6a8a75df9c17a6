import { useChat } from '@ai-sdk/react';
import { ArrowDown, WifiOff } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { announceChat } from '../history/history';
import { markSent, openNewChat, route } from '../shell/route';
import { useStore } from '../state/store';
import { useDelayed } from '../state/useDelayed';
import { Composer } from './Composer';
import { conversationOf } from './conversations';
import { LiveStatus } from './LiveStatus';
import { MessageList } from './MessageList';
import { TroubleBanner } from './TroubleBanner';
import { useFollowEnd } from './useFollowEnd';
import { Welcome } from './Welcome';

/** Faster than the eye notices, slow enough that many small chunks make one rendering. */
const renderInterval = 50;
/** A connection that is back sooner is not worth a word. */
const patience = 2_000;

export function ChatPage({ chatId }: { chatId: string }) {
  const conversation = conversationOf(chatId);
  const { messages, status } = useChat({ chat: conversation.chat, experimental_throttle: renderInterval });
  const { phase, trouble, reconnecting, notes } = useStore(conversation.state);
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const { atEnd, goToEnd } = useFollowEnd(scroller, content);
  const busy = status === 'submitted' || status === 'streaming' || reconnecting;
  const lost = useDelayed(reconnecting, patience);

  useEffect(() => {
    if (!route.get().isNew) void conversation.load();
  }, [conversation]);

  useEffect(() => conversation.watch(), [conversation]);

  const send = (text: string) => {
    announceChat(chatId, text);
    markSent(chatId);
    void conversation.send(text);
    goToEnd();
  };

  if (phase === 'missing') return <MissingChat />;
  const isEmpty = messages.length === 0;
  return (
    <div className={isEmpty && phase === 'new' ? 'chat empty' : 'chat'}>
      <div className="chat-scroll" ref={scroller}>
        <div className="column" ref={content}>
          {isEmpty && phase === 'new' && <Welcome onSend={send} />}
          {isEmpty && phase === 'loading' && <LoadingMessages />}
          <MessageList
            messages={messages}
            busy={busy}
            notes={notes}
            scroller={scroller}
            conversation={conversation}
          />
          {trouble !== null && <TroubleBanner trouble={trouble} onRetry={() => void conversation.retry()} />}
        </div>
      </div>
      <div className="chat-foot">
        <div className="column">
          {!atEnd && (
            <button
              type="button"
              className="to-end"
              aria-label="Go to the end"
              title="Go to the end"
              onClick={goToEnd}
            >
              <ArrowDown />
            </button>
          )}
          {lost && (
            <p className="connection-note" role="status">
              <WifiOff aria-hidden="true" />
              {messages.at(-1)?.role === 'user'
                ? 'No connection. Your message is kept and goes out as soon as the server can be reached.'
                : 'The connection is lost. The answer goes on at the server and comes back here by itself.'}
            </p>
          )}
          <Composer conversation={conversation} busy={busy} begun={!isEmpty} onSend={send} />
        </div>
      </div>
      <LiveStatus busy={busy} messages={messages} notes={notes} />
    </div>
  );
}

function LoadingMessages() {
  return (
    <div className="skeleton" role="status" aria-label="Loading the chat">
      <span className="skeleton-line question" />
      <span className="skeleton-line" />
      <span className="skeleton-line" />
      <span className="skeleton-line short" />
    </div>
  );
}

function MissingChat() {
  return (
    <div className="chat empty">
      <div className="welcome">
        <h1>This chat does not exist</h1>
        <p>It was deleted, or it belongs to somebody else.</p>
        <button type="button" className="button primary" onClick={openNewChat}>
          Start a new chat
        </button>
      </div>
    </div>
  );
}
