import { useState } from 'react';
import { asProblem } from '../api/problem';
import type { ChatSummary } from '../api/types';
import { closeConversation } from '../chat/conversations';
import { openNewChat, route } from '../shell/route';
import { Dialog } from '../ui/Dialog';
import { deleteChat } from './history';

interface DeleteDialogProps {
  chat: ChatSummary;
  onClose: () => void;
}

export function DeleteDialog({ chat, onClose }: DeleteDialogProps) {
  const [problem, setProblem] = useState<string | null>(null);

  const remove = async () => {
    try {
      await deleteChat(chat.id);
      closeConversation(chat.id);
      if (route.get().chatId === chat.id) openNewChat();
      onClose();
    } catch (thrown) {
      setProblem(asProblem(thrown).message);
    }
  };

  return (
    <Dialog label="Delete this chat?" className="narrow" onClose={onClose}>
      <h2>Delete this chat?</h2>
      <p className="muted">“{chat.title}” and all its messages will be gone for good.</p>
      {problem !== null && (
        <p className="field-problem" role="alert">
          {problem}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="button danger"
          data-testid="delete-confirm"
          onClick={() => void remove()}
        >
          Delete
        </button>
      </div>
    </Dialog>
  );
}
