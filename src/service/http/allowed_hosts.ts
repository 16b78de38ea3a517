import { isIP } from 'node:net';

/**
 * Whether a request may be answered, by its `Host` header. A page of another site can give its own name our address (DNS rebinding) and
 * would then read this service as its own. Addresses, `localhost` and names without a dot cannot be given away like that, as no
 * public name server knows them; any other name must be in `allowed` (lower case).
 */
export function isAllowedHost(header: string, allowed: readonly string[]): boolean {
  const name = hostNameOf(header);
  return name !== '' && (!name.includes('.') || isIP(name) !== 0 || allowed.includes(name));
}

/** The name or address in a `Host` header, in lower case, without port, brackets and final dot; empty when there is none. */
export function hostNameOf(header: string): string {
  const [, bracketed, plain = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header.trim().toLowerCase()) ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? bracketed : '';
  return plain.replace(/\.$/, '');
}
