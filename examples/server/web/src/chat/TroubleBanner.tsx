import { RotateCcw, TriangleAlert } from 'lucide-react';
import { openAuth } from '../auth/authDialog';
import { session } from '../auth/session';
import { useStore } from '../state/store';
import type { NoticeAction } from './notice';
import { noticeOf } from './notice';
import type { Trouble } from './trouble';

interface TroubleBannerProps {
  trouble: Trouble;
  onRetry: () => void;
}

export function TroubleBanner({ trouble, onRetry }: TroubleBannerProps) {
  const { user, phase } = useStore(session);
  // The banner of the session says the same, and more.
  if (phase === 'ended' && trouble.problem.kind === 'unauthorized') return null;
  const notice = noticeOf(trouble, user?.kind !== 'registered', new Date());
  const buttons: Record<NoticeAction, { label: string; onClick: () => void }> = {
    retry: { label: 'Try again', onClick: onRetry },
    follow: { label: 'Show the running answer', onClick: onRetry },
    'sign-up': { label: 'Create an account', onClick: () => openAuth('register') },
    'sign-in': { label: 'Sign in', onClick: () => openAuth('sign-in') },
  };
  return (
    <div
      className={`banner ${notice.tone}`}
      role="alert"
      data-testid="error-banner"
      data-code={trouble.problem.code}
    >
      <TriangleAlert className="banner-icon" aria-hidden="true" />
      <div className="banner-text">
        <strong>{notice.title}</strong>
        <p>{notice.sentences.join(' ')}</p>
        {notice.actions.length > 0 && (
          <div className="banner-actions">
            {notice.actions.map((action, index) => (
              <button
                key={action}
                type="button"
                className={index === 0 ? 'button primary' : 'button'}
                onClick={buttons[action].onClick}
              >
                {action === 'retry' && <RotateCcw />}
                {buttons[action].label}
              </button>
            ))}
          </div>
        )}
      </div>
    </div>
  );
}
