import { type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react';

export interface MenuItem {
  label: string;
  icon: ReactNode;
  danger?: boolean;
  testId?: string;
  onSelect: () => void;
}

interface MenuProps extends Omit<MenuButtonProps, 'children'> {
  items: MenuItem[];
}

interface MenuButtonProps {
  label: string;
  trigger: ReactNode;
  triggerClassName: string;
  triggerTestId?: string;
  menuClassName?: string;
  /** What the menu holds: buttons with a role of a menu item. It is drawn only while the menu is open. */
  children: (close: () => void) => ReactNode;
}

const gap = 4;

/** A button that opens a menu of actions. */
export function Menu({ items, ...button }: MenuProps) {
  return (
    <MenuButton {...button}>
      {(close) =>
        items.map((item) => (
          <button
            key={item.label}
            type="button"
            role="menuitem"
            className={item.danger ? 'menu-item danger' : 'menu-item'}
            data-testid={item.testId}
            onClick={() => {
              close();
              item.onSelect();
            }}
          >
            {item.icon}
            {item.label}
          </button>
        ))
      }
    </MenuButton>
  );
}

/** A button that opens a menu. The menu is a popover, so no scrolling container cuts it off. */
export function MenuButton(props: MenuButtonProps) {
  const { label, trigger, triggerClassName, triggerTestId, menuClassName = 'menu', children } = props;
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const popover = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);

  // The items are drawn only while the menu is open, so its size is known no sooner than here.
  useLayoutEffect(() => {
    const menu = popover.current;
    const anchor = button.current?.getBoundingClientRect();
    if (!open || menu === null || anchor === undefined) return;
    const below = anchor.bottom + gap;
    const above = anchor.top - gap - menu.offsetHeight;
    const left = Math.min(anchor.left, innerWidth - menu.offsetWidth - gap);
    menu.style.left = `${Math.max(left, gap)}px`;
    menu.style.top = `${below + menu.offsetHeight > innerHeight ? Math.max(above, gap) : below}px`;
    const present = menu.querySelector<HTMLButtonElement>('[aria-checked="true"]');
    (present ?? menu.querySelector('button'))?.focus();
  }, [open]);

  return (
    <>
      <button
        ref={button}
        type="button"
        className={triggerClassName}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        data-testid={triggerTestId}
        popoverTarget={id}
      >
        {trigger}
      </button>
      <div
        ref={popover}
        id={id}
        popover="auto"
        role="menu"
        tabIndex={-1}
        aria-label={label}
        className={menuClassName}
        onToggle={(event) => setOpen(event.newState === 'open')}
        onKeyDown={moveFocus}
      >
        {open && children(() => popover.current?.hidePopover())}
      </div>
    </>
  );
}

function moveFocus(event: KeyboardEvent<HTMLDivElement>) {
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const present = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const next = {
    ArrowDown: (present + 1) % buttons.length,
    ArrowUp: (present - 1 + buttons.length) % buttons.length,
    Home: 0,
    End: buttons.length - 1,
  }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  buttons[next]?.focus();
}
