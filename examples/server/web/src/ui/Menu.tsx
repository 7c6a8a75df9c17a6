import { type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react';

export interface MenuItem {
  label: string;
  icon: ReactNode;
  danger?: boolean;
  testId?: string;
  onSelect: () => void;
}

interface MenuProps {
  label: string;
  trigger: ReactNode;
  triggerClassName: string;
  triggerTestId?: string;
  items: MenuItem[];
}

const gap = 4;

/** A button that opens a menu. The menu is a popover, so no scrolling container cuts it off. */
export function Menu({ label, trigger, triggerClassName, triggerTestId, items }: MenuProps) {
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
    menu.querySelector('button')?.focus();
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
        className="menu"
        onToggle={(event) => setOpen(event.newState === 'open')}
        onKeyDown={moveFocus}
      >
        {open &&
          items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              className={item.danger ? 'menu-item danger' : 'menu-item'}
              data-testid={item.testId}
              onClick={() => {
                popover.current?.hidePopover();
                item.onSelect();
              }}
            >
              {item.icon}
              {item.label}
            </button>
          ))}
      </div>
    </>
  );
}

function moveFocus(event: KeyboardEvent<HTMLDivElement>) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const present = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons[(present + step + buttons.length) % buttons.length]?.focus();
}
