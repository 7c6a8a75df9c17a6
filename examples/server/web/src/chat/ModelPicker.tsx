import { Check, ChevronDown, Lock, UserRoundPlus } from 'lucide-react';
import type { ReactNode } from 'react';
import { openAuth } from '../auth/authDialog';
import { models } from '../shell/models';
import { useStore } from '../state/store';
import { MenuButton } from '../ui/Menu';
import { chosenModel, isChoice, modelLabel } from './chosenModel';
import type { Conversation } from './conversation';

/** Which model answers next. Where there is nothing to choose, it only says so. */
export function ModelPicker({ conversation }: { conversation: Conversation }) {
  const { list, picked } = useStore(models);
  const { model } = useStore(conversation.state);
  const chosen = chosenModel(list, model, picked);
  if (list === null || chosen === null) return <span className="composer-model" />;
  const label = modelLabel(chosen);
  if (!isChoice(list)) return <span className="composer-model">{label}</span>;
  return (
    <MenuButton
      label={`Model: ${label}`}
      triggerClassName="model-button"
      triggerTestId="model-picker"
      menuClassName="menu model-menu"
      trigger={
        <>
          <span className="model-button-name">{label}</span>
          <ChevronDown aria-hidden="true" />
        </>
      }
    >
      {(close) => (
        <>
          {list.models.map((one) => (
            <ModelItem
              key={one.id}
              name={modelLabel(one)}
              description={one.description}
              checked={one.id === chosen.id}
              icon={one.id === chosen.id && <Check />}
              onClick={() => {
                close();
                conversation.setModel(one.id);
              }}
            />
          ))}
          {list.locked.map((one) => (
            // It keeps its place in the order of the keyboard, so that nobody misses the reason.
            <ModelItem key={one.id} name={one.name} description={one.reason} disabled icon={<Lock />} />
          ))}
          {list.locked.length > 0 && (
            <button
              type="button"
              role="menuitem"
              className="menu-item model-sign-up"
              data-testid="model-sign-up"
              onClick={() => {
                close();
                openAuth('register');
              }}
            >
              <UserRoundPlus />
              Create an account
            </button>
          )}
        </>
      )}
    </MenuButton>
  );
}

interface ModelItemProps {
  name: string;
  description?: string;
  checked?: boolean;
  disabled?: boolean;
  icon: ReactNode;
  onClick?: () => void;
}

function ModelItem({ name, description, checked = false, disabled = false, icon, onClick }: ModelItemProps) {
  return (
    <button
      type="button"
      role="menuitemradio"
      aria-checked={checked}
      aria-disabled={disabled}
      className="menu-item model-item"
      data-testid="model-option"
      onClick={onClick}
    >
      <span className="model-item-text">
        {name}
        {description !== undefined && <small>{description}</small>}
      </span>
      {icon}
    </button>
  );
}
