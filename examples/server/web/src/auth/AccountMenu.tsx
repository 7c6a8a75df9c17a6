import { ChevronsUpDown, Keyboard, LogIn, LogOut, UserRound, UserRoundPlus } from 'lucide-react';
import { openOverlay } from '../shell/overlay';
import { useStore } from '../state/store';
import { Menu, type MenuItem } from '../ui/Menu';
import { signOut } from './actions';
import { openAuth } from './authDialog';
import { QuotaMeter } from './QuotaMeter';
import { session } from './session';

export function AccountMenu() {
  const { user, phase } = useStore(session);
  const isRegistered = user?.kind === 'registered';
  const shortcuts: MenuItem = {
    label: 'Keyboard shortcuts',
    icon: <Keyboard />,
    onSelect: () => openOverlay('shortcuts'),
  };
  const guestItems: MenuItem[] = [
    { label: 'Create an account', icon: <UserRoundPlus />, onSelect: () => openAuth('register') },
    { label: 'Sign in', icon: <LogIn />, onSelect: () => openAuth('sign-in') },
  ];
  const userItems: MenuItem[] = [
    {
      label: 'Sign out',
      icon: <LogOut />,
      testId: 'sign-out',
      onSelect: () => void signOut().catch(() => undefined),
    },
  ];
  return (
    <div className="account">
      <QuotaMeter />
      <Menu
        label="Account"
        triggerClassName="account-button"
        triggerTestId="account-menu"
        trigger={
          <>
            <span className="avatar" aria-hidden="true">
              {isRegistered ? (user.email ?? '?').charAt(0).toUpperCase() : <UserRound />}
            </span>
            <span className="account-name">
              {isRegistered ? user.email : phase === 'starting' ? 'One moment…' : 'Guest'}
            </span>
            <ChevronsUpDown className="chevron" aria-hidden="true" />
          </>
        }
        items={[...(isRegistered ? userItems : guestItems), shortcuts]}
      />
    </div>
  );
}
