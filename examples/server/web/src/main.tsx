import './withoutEval';
import { createRoot } from 'react-dom/client';
import { startSession } from './auth/session';
import { App } from './shell/App';
import { BrokenPage } from './shell/BrokenPage';
import { followUser } from './shell/userChange';
import { colourBrowser } from './theme/theme';
import { ErrorBoundary } from './ui/ErrorBoundary';
import './styles/index.css';

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
