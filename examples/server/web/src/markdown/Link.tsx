import { Image } from 'lucide-react';
import { isValidElement, type ReactNode } from 'react';
import { hostBeside, safeAddress } from './addresses';

export function Link({ address, children }: { address: string; children: ReactNode }) {
  const safe = safeAddress(address);
  if (safe === null) return <span>{children}</span>;
  const host = hostBeside(safe, plainText(children));
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer">
      {children}
      {host !== null && <span className="link-host"> {host}</span>}
    </a>
  );
}

/** An image of a model's choosing would tell a stranger that the reader is there, so it is a link. */
export function ImageLink({ address, description }: { address: string; description: string }) {
  const text = description === '' ? 'Image' : description;
  return (
    <Link address={address}>
      <Image className="inline-icon" aria-hidden="true" />
      {text}
    </Link>
  );
}

function plainText(node: ReactNode): string {
  if (typeof node === 'string' || typeof node === 'number') return String(node);
  if (Array.isArray(node)) return node.map(plainText).join('');
  if (isValidElement<{ children?: ReactNode }>(node)) return plainText(node.props.children);
  return '';
}
