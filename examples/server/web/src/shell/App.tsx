import { lazy, Suspense, useEffect } from 'react';
import { AuthDialog } from '../auth/AuthDialog';
import { ChatPage } from '../chat/ChatPage';
import { chatHistory } from '../history/history';
import { Sidebar } from '../history/Sidebar';
import { useStore } from '../state/store';
import { useMediaQuery } from '../state/useMediaQuery';
import { Dialog } from '../ui/Dialog';
import { ErrorBoundary } from '../ui/ErrorBoundary';
import { layout, phoneQuery, setSidebar } from './layout';
import { closeOverlay, overlay } from './overlay';
import { route } from './route';
import { SessionBanner } from './SessionBanner';
import { TopBar } from './TopBar';
import { useShortcuts } from './useShortcuts';

const CommandPalette = lazy(async () => ({
  default: (await import('../palette/CommandPalette')).CommandPalette,
}));
const ShortcutsDialog = lazy(async () => ({ default: (await import('./ShortcutsDialog')).ShortcutsDialog }));

export function App() {
  const { chatId } = useStore(route);
  const { open } = useStore(overlay);
  useShortcuts();
  useDocumentTitle();
  return (
    <div className="page">
      <SidebarPlace />
      <main className="main">
        <TopBar />
        <SessionBanner />
        <ChatPage key={chatId} chatId={chatId} />
      </main>
      <AuthDialog />
      {open !== null && (
        // What is loaded on demand is missing when the connection is, or when the server has a newer page.
        <ErrorBoundary fallback={null} onFailure={closeOverlay}>
          <Suspense>{open === 'palette' ? <CommandPalette /> : <ShortcutsDialog />}</Suspense>
        </ErrorBoundary>
      )}
    </div>
  );
}

function SidebarPlace() {
  const { sidebarOpen } = useStore(layout);
  const isPhone = useMediaQuery(phoneQuery);
  if (!sidebarOpen) return null;
  const close = () => setSidebar(false);
  if (!isPhone) return <Sidebar onCollapse={close} onNavigate={() => undefined} />;
  return (
    <Dialog label="Chats" className="drawer" onClose={close}>
      <Sidebar onCollapse={close} onNavigate={close} />
    </Dialog>
  );
}

function useDocumentTitle(): void {
  const { chatId, isNew } = useStore(route);
  const { chats } = useStore(chatHistory);
  const title = isNew ? undefined : chats.find((chat) => chat.id === chatId)?.title;
  useEffect(() => {
    document.title = title === undefined ? 'Scorpio' : `${title} · Scorpio`;
  }, [title]);
}
