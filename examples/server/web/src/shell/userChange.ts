/** Reads what belongs to the user anew when somebody else is signed in, in this tab or through another. */
import { forgetQuota, refreshQuota } from '../auth/quota';
import { session } from '../auth/session';
import { closeAllConversations, dismissRefusals } from '../chat/conversations';
import { forgetHistory, refreshHistory } from '../history/history';
import { refreshModels } from './models';
import { openNewChat } from './route';

export function followUser(): void {
  let known: { id: string; kind: string } | null = null;
  session.subscribe(() => {
    const { user } = session.get();
    if (user === null || (user.id === known?.id && user.kind === known.kind)) return;
    const isOther = known !== null && user.id !== known.id;
    known = user;
    if (isOther) {
      closeAllConversations();
      forgetHistory();
      forgetQuota();
      openNewChat();
    }
    dismissRefusals();
    void refreshHistory();
    void refreshQuota();
    void refreshModels();
  });
}
