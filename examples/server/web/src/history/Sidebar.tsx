import { PanelLeftClose, Search, SquarePen } from 'lucide-react';
import { useState } from 'react';
import { AccountMenu } from '../auth/AccountMenu';
import { openNewChat } from '../shell/route';
import { Logo } from '../ui/Logo';
import { HistoryList } from './HistoryList';

interface SidebarProps {
  onCollapse: () => void;
  /** Called when the reader has gone to a chat; the drawer of a phone then closes. */
  onNavigate: () => void;
}

export function Sidebar({ onCollapse, onNavigate }: SidebarProps) {
  const [query, setQuery] = useState('');
  return (
    <aside className="sidebar" aria-label="Chats and account">
      <header className="sidebar-head">
        <span className="brand">
          <Logo />
          Scorpio
        </span>
        <button type="button" className="icon-button" aria-label="Hide the sidebar" onClick={onCollapse}>
          <PanelLeftClose />
        </button>
      </header>
      <div className="sidebar-tools">
        <button
          type="button"
          className="new-chat"
          data-testid="new-chat"
          title="New chat (Ctrl/⌘ Shift O)"
          onClick={() => {
            openNewChat();
            onNavigate();
          }}
        >
          <SquarePen />
          New chat
        </button>
        <label className="search-field">
          <Search aria-hidden="true" />
          <input
            type="search"
            value={query}
            placeholder="Search chats"
            aria-label="Search chats"
            onChange={(event) => setQuery(event.target.value)}
          />
        </label>
      </div>
      <HistoryList query={query} onNavigate={onNavigate} />
      <AccountMenu />
    </aside>
  );
}
