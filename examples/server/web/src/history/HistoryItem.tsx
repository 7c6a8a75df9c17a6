import { Ellipsis, Pencil, Trash2 } from 'lucide-react';
import { type MouseEvent, memo, useState } from 'react';
import type { ChatSummary } from '../api/types';
import { openChat, pathOf } from '../shell/route';
import { Menu } from '../ui/Menu';
import { renameChat } from './history';
import { TitleField } from './TitleField';

interface HistoryItemProps {
  chat: ChatSummary;
  current: boolean;
  onNavigate: () => void;
  onDelete: () => void;
}

export const HistoryItem = memo(function HistoryItem({
  chat,
  current,
  onNavigate,
  onDelete,
}: HistoryItemProps) {
  const [renaming, setRenaming] = useState(false);

  const open = (event: MouseEvent) => {
    // With a modifier the browser opens a tab or a window by itself.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    openChat(chat.id);
    onNavigate();
  };

  const rename = (title: string) => {
    setRenaming(false);
    if (title !== '' && title !== chat.title) void renameChat(chat.id, title).catch(() => undefined);
  };

  return (
    <li className={current ? 'history-item current' : 'history-item'} data-testid="history-item">
      {renaming ? (
        <TitleField title={chat.title} onDone={rename} />
      ) : (
        <>
          <a
            href={pathOf(chat.id)}
            aria-current={current ? 'page' : undefined}
            title={chat.title}
            onClick={open}
          >
            {chat.title}
          </a>
          <Menu
            label={`Options for ${chat.title}`}
            triggerClassName="icon-button small item-menu"
            trigger={<Ellipsis />}
            items={[
              { label: 'Rename', icon: <Pencil />, onSelect: () => setRenaming(true) },
              { label: 'Delete', icon: <Trash2 />, danger: true, onSelect: onDelete },
            ]}
          />
        </>
      )}
    </li>
  );
});
