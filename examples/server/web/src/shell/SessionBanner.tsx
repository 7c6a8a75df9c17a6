import { TriangleAlert } from 'lucide-react';
import { continueAsGuest } from '../auth/actions';
import { openAuth } from '../auth/authDialog';
import { session, startSession } from '../auth/session';
import { useStore } from '../state/store';

/** Says that the page has no valid sign-in, and how to get one. */
export function SessionBanner() {
  const { phase, problem, user } = useStore(session);
  if (phase !== 'ended' && phase !== 'failed') return null;
  const again = phase === 'ended' ? continueAsGuest : startSession;
  return (
    <div className="session-banner banner warning" role="alert" data-testid="error-banner">
      <TriangleAlert className="banner-icon" aria-hidden="true" />
      <div className="banner-text">
        <strong>{phase === 'ended' ? 'Your session has ended' : 'Scorpio could not be started'}</strong>
        <p>{phase === 'ended' ? endedSentence(user?.kind === 'registered') : problem?.message}</p>
      </div>
      <div className="banner-actions">
        {phase === 'ended' && (
          <button type="button" className="button primary" onClick={() => openAuth('sign-in')}>
            Sign in
          </button>
        )}
        <button type="button" className="button" onClick={() => void again().catch(() => undefined)}>
          {phase === 'ended' ? 'Go on as a guest' : 'Try again'}
        </button>
      </div>
    </div>
  );
}

function endedSentence(isRegistered: boolean): string {
  return isRegistered
    ? 'Your chats are kept. Sign in again to see them, or go on as a new guest.'
    : 'This guest visit is over and cannot be taken up again. Sign in, or go on as a new guest.';
}
