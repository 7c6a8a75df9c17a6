import { createRoot } from 'react-dom/client';
import { config } from 'zod/v4/core';
import { startSession } from './auth/session';
import { App } from './shell/App';
import { BrokenPage } from './shell/BrokenPage';
import { followUser } from './shell/userChange';
import { colourBrowser } from './theme/theme';
import { ErrorBoundary } from './ui/ErrorBoundary';
import './styles/index.css';

// The SDK checks each chunk with zod, which would otherwise compile its checks with `new Function`; the content
// security policy forbids that, and even trying is reported.
config({ jitless: true });

followUser();
colourBrowser();
// The session tells the page itself when it cannot be started.
void startSession().catch(() => undefined);

const root = document.getElementById('root');
if (root !== null)
  createRoot(root).render(
    <ErrorBoundary fallback={<BrokenPage />}>
      <App />
    </ErrorBoundary>,
  );
