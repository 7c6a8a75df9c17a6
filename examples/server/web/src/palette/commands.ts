import {
  Keyboard,
  LogIn,
  LogOut,
  type LucideIcon,
  MessageSquare,
  PanelLeft,
  SquarePen,
  SunMoon,
  UserRoundPlus,
} from 'lucide-react';
import type { ChatSummary, User } from '../api/types';
import { signOut } from '../auth/actions';
import { openAuth } from '../auth/authDialog';
import { filterChats } from '../history/merge';
import { layout, setSidebar } from '../shell/layout';
import { openOverlay } from '../shell/overlay';
import { openChat, openNewChat } from '../shell/route';
import { toggleTheme } from '../theme/theme';

export interface Command {
  id: string;
  label: string;
  icon: LucideIcon;
  run: () => void;
}

const mostChats = 8;

export function findCommands(query: string, chats: ChatSummary[], user: User | null): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const commands = allCommands(user).filter(({ label }) =>
    words.every((word) => label.toLowerCase().includes(word)),
  );
  const found = filterChats(chats, query).slice(0, mostChats).map(commandOfChat);
  return query === '' ? [...commands, ...found] : [...found, ...commands];
}

function allCommands(user: User | null): Command[] {
  const account: Command[] =
    user?.kind === 'registered'
      ? [
          {
            id: 'sign-out',
            label: 'Sign out',
            icon: LogOut,
            run: () => void signOut().catch(() => undefined),
          },
        ]
      : [
          { id: 'sign-in', label: 'Sign in', icon: LogIn, run: () => openAuth('sign-in') },
          {
            id: 'register',
            label: 'Create an account',
            icon: UserRoundPlus,
            run: () => openAuth('register'),
          },
        ];
  return [
    { id: 'new', label: 'New chat', icon: SquarePen, run: openNewChat },
    { id: 'theme', label: 'Switch between light and dark', icon: SunMoon, run: toggleTheme },
    {
      id: 'sidebar',
      label: 'Show or hide the sidebar',
      icon: PanelLeft,
      run: () => setSidebar(!layout.get().sidebarOpen),
    },
    { id: 'shortcuts', label: 'Keyboard shortcuts', icon: Keyboard, run: () => openOverlay('shortcuts') },
    ...account,
  ];
}

function commandOfChat(chat: ChatSummary): Command {
  return { id: chat.id, label: chat.title, icon: MessageSquare, run: () => openChat(chat.id) };
}
