import { Search } from 'lucide-react';
import { type KeyboardEvent, useId, useState } from 'react';
import { session } from '../auth/session';
import { chatHistory } from '../history/history';
import { closeOverlay } from '../shell/overlay';
import { useStore } from '../state/store';
import { Dialog } from '../ui/Dialog';
import { type Command, findCommands } from './commands';

export function CommandPalette() {
  const { chats } = useStore(chatHistory);
  const { user } = useStore(session);
  const [query, setQuery] = useState('');
  const [selected, setSelected] = useState(0);
  const list = useId();
  const commands = findCommands(query, chats, user);
  const current = commands[Math.min(selected, commands.length - 1)];

  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    closeOverlay();
    command.run();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setSelected((selected + step + commands.length) % Math.max(commands.length, 1));
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault();
      run(current);
    }
  };

  return (
    <Dialog label="Search chats and commands" className="palette" onClose={closeOverlay}>
      <div className="palette-field">
        <Search aria-hidden="true" />
        <input
          value={query}
          placeholder="Search chats and commands"
          aria-label="Search chats and commands"
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={current === undefined ? undefined : optionId(list, current)}
          autoFocus
          onChange={(event) => {
            setQuery(event.target.value);
            setSelected(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <div id={list} className="palette-list" role="listbox" aria-label="Results">
        {commands.map((command) => (
          <PaletteOption
            key={command.id}
            id={optionId(list, command)}
            command={command}
            selected={command === current}
            onRun={() => run(command)}
          />
        ))}
        {commands.length === 0 && <p className="muted">Nothing found.</p>}
      </div>
    </Dialog>
  );
}

interface PaletteOptionProps {
  id: string;
  command: Command;
  selected: boolean;
  onRun: () => void;
}

function PaletteOption({ id, command, selected, onRun }: PaletteOptionProps) {
  const Icon = command.icon;
  return (
    <button
      id={id}
      type="button"
      role="option"
      aria-selected={selected}
      tabIndex={-1}
      ref={(element) => {
        if (selected) element?.scrollIntoView({ block: 'nearest' });
      }}
      onClick={onRun}
    >
      <Icon aria-hidden="true" />
      <span>{command.label}</span>
    </button>
  );
}

function optionId(list: string, command: Command): string {
  return `${list}-${command.id}`;
}
