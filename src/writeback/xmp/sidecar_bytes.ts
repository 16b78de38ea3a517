import { Buffer, isUtf8 } from 'node:buffer';
import type { TagChange } from '../tags.ts';
import { editedXmp } from './edit.ts';

const DECLARED = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([^"']+)["']/;

/** The content of a sidecar with these changes, in the encoding that it has. undefined when that cannot be done here. */
export function editedSidecar(content: Uint8Array, changes: readonly TagChange[]): Uint8Array | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const encoding = DECLARED.exec(bytes.toString('latin1', 0, 200))?.[1]?.toLowerCase() ?? 'utf-8';
  if (encoding === 'utf-8' && isUtf8(bytes)) {
    const edited = editedXmp(bytes.toString(), changes);
    return edited === undefined ? undefined : Buffer.from(edited);
  }
  if (!['iso-8859-1', 'us-ascii'].includes(encoding)) return undefined;
  const edited = editedXmp(bytes.toString('latin1'), changes, true);
  return edited === undefined ? undefined : Buffer.from(edited, 'latin1');
}
