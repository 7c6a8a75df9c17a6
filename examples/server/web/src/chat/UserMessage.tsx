import { Pencil } from 'lucide-react';
import { type KeyboardEvent, memo, useState } from 'react';
import type { ChatMessage } from '../api/types';
import { CopyButton } from '../ui/CopyButton';
import type { Ways } from './branches';
import { BranchSwitcher } from './BranchSwitcher';
import { textOf } from './messages';

interface UserMessageProps {
  message: ChatMessage;
  branches?: Ways;
  busy: boolean;
  onSwitch: (seq: number) => void;
  onEdit: (messageId: string, text: string) => void;
}

export const UserMessage = memo(function UserMessage(props: UserMessageProps) {
  const { message, branches, busy, onSwitch, onEdit } = props;
  const [editing, setEditing] = useState(false);
  if (editing) {
    const save = (text: string) => {
      setEditing(false);
      onEdit(message.id, text);
    };
    return <MessageEditor text={textOf(message)} onSave={save} onCancel={() => setEditing(false)} />;
  }
  return (
    <article className="message user" data-testid="message-user" aria-label="You">
      <div className="message-actions">
        <CopyButton text={() => textOf(message)} label="Copy message" />
        <button
          type="button"
          className="icon-button small"
          aria-label="Edit message"
          title="Edit message"
          data-testid="edit-message"
          disabled={busy}
          onClick={() => setEditing(true)}
        >
          <Pencil />
        </button>
        {branches !== undefined && (
          <BranchSwitcher ways={branches} of="question" disabled={busy} onSwitch={onSwitch} />
        )}
      </div>
      <div className="bubble">{textOf(message)}</div>
    </article>
  );
});

interface MessageEditorProps {
  text: string;
  onSave: (text: string) => void;
  onCancel: () => void;
}

/** The question as it is asked anew. What was asked before stays, as a version of it. */
function MessageEditor({ text, onSave, onCancel }: MessageEditorProps) {
  const [edited, setEdited] = useState(text);
  const canSave = edited.trim() !== '' && edited.trim() !== text.trim();
  const save = () => canSave && onSave(edited.trim());
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      save();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      onCancel();
    }
  };
  return (
    <article className="message user editing" aria-label="Edit message">
      <textarea
        className="message-editor"
        aria-label="Edited message"
        data-testid="message-editor"
        autoFocus
        rows={Math.min(edited.split('\n').length + 1, 8)}
        value={edited}
        onChange={(event) => setEdited(event.target.value)}
        onKeyDown={onKeyDown}
        onFocus={(event) => event.target.setSelectionRange(text.length, text.length)}
      />
      <div className="message-editor-actions">
        <button type="button" className="button" onClick={onCancel}>
          Cancel
        </button>
        <button
          type="button"
          className="button primary"
          data-testid="message-editor-save"
          disabled={!canSave}
          onClick={save}
        >
          Ask again
        </button>
      </div>
    </article>
  );
}
