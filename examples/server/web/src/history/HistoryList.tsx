import { useEffect, useRef, useState } from 'react';
import type { ChatSummary } from '../api/types';
import { route } from '../shell/route';
import { useStore } from '../state/store';
import { DeleteDialog } from './DeleteDialog';
import { HistoryItem } from './HistoryItem';
import { chatHistory, loadOlderChats, refreshHistory } from './history';
import { filterChats, groupByDay } from './merge';

interface HistoryListProps {
  query: string;
  onNavigate: () => void;
}

export function HistoryList({ query, onNavigate }: HistoryListProps) {
  const { chats, phase, hasMore, problem } = useStore(chatHistory);
  const { chatId } = useStore(route);
  const [deleting, setDeleting] = useState<ChatSummary | null>(null);
  const groups = groupByDay(filterChats(chats, query), new Date());

  return (
    <nav className="history" aria-label="Chats">
      {groups.map((group) => (
        <section key={group.label} aria-label={group.label}>
          <h2>{group.label}</h2>
          <ul>
            {group.chats.map((chat) => (
              <HistoryItem
                key={chat.id}
                chat={chat}
                current={chat.id === chatId}
                onNavigate={onNavigate}
                onDelete={() => setDeleting(chat)}
              />
            ))}
          </ul>
        </section>
      ))}
      {groups.length === 0 && phase === 'ready' && !hasMore && (
        <p className="history-note">
          {query === '' ? 'Your chats will be listed here.' : 'No chat has this title.'}
        </p>
      )}
      {phase === 'failed' && (
        <p className="history-note">
          {problem?.message}{' '}
          <button
            type="button"
            className="link-button"
            onClick={() => void (hasMore ? loadOlderChats() : refreshHistory())}
          >
            Try again
          </button>
        </p>
      )}
      {/* The number of chats is the key: a new observer looks again whether the end is still in view. */}
      {hasMore && phase === 'ready' && <OlderChats key={chats.length} />}
      {deleting !== null && <DeleteDialog chat={deleting} onClose={() => setDeleting(null)} />}
    </nav>
  );
}

/** Pages older chats in as it comes into view. */
function OlderChats() {
  const element = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (element.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) void loadOlderChats();
      },
      { rootMargin: '200px' },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return (
    <p ref={element} className="history-note">
      Loading older chats…
    </p>
  );
}
