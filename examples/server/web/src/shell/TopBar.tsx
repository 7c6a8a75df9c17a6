import { Moon, PanelLeftOpen, SquarePen, Sun } from 'lucide-react';
import { openAuth } from '../auth/authDialog';
import { session } from '../auth/session';
import { chatHistory } from '../history/history';
import { useStore } from '../state/store';
import { theme, toggleTheme } from '../theme/theme';
import { layout, setSidebar } from './layout';
import { openNewChat, route } from './route';

export function TopBar() {
  const { sidebarOpen } = useStore(layout);
  const { user, phase } = useStore(session);
  const { theme: present } = useStore(theme);
  const { chatId, isNew } = useStore(route);
  const { chats } = useStore(chatHistory);
  const title = isNew ? '' : (chats.find((chat) => chat.id === chatId)?.title ?? '');
  const other = present === 'dark' ? 'light' : 'dark';
  return (
    <header className="top-bar">
      {!sidebarOpen && (
        <>
          <button
            type="button"
            className="icon-button"
            aria-label="Show the sidebar"
            data-testid="sidebar-open"
            onClick={() => setSidebar(true)}
          >
            <PanelLeftOpen />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label="New chat"
            title="New chat (Ctrl/⌘ Shift O)"
            data-testid="new-chat"
            onClick={openNewChat}
          >
            <SquarePen />
          </button>
        </>
      )}
      {title === '' ? <span className="top-title" /> : <h1 className="top-title">{title}</h1>}
      <button
        type="button"
        className="icon-button"
        aria-label={`Use the ${other} theme`}
        title={`Use the ${other} theme`}
        data-testid="theme-toggle"
        onClick={toggleTheme}
      >
        {present === 'dark' ? <Sun /> : <Moon />}
      </button>
      {user?.kind !== 'registered' && phase !== 'starting' && (
        <button
          type="button"
          className="button"
          data-testid="sign-in-open"
          onClick={() => openAuth('sign-in')}
        >
          Sign in
        </button>
      )}
    </header>
  );
}
