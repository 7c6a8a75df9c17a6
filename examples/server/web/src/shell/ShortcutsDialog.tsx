import { X } from 'lucide-react';
import { Dialog } from '../ui/Dialog';
import { closeOverlay } from './overlay';
import { shortcuts } from './useShortcuts';

export function ShortcutsDialog() {
  return (
    <Dialog label="Keyboard shortcuts" className="narrow" onClose={closeOverlay}>
      <button type="button" className="icon-button dialog-close" aria-label="Close" onClick={closeOverlay}>
        <X />
      </button>
      <h2>Keyboard shortcuts</h2>
      <dl className="shortcuts">
        {shortcuts.map(({ keys, does }) => (
          <div key={does}>
            <dt>{does}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
