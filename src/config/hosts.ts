import { isIP } from 'node:net';
import { normalize } from 'node:path/posix';
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { Secret } from './secret.ts';
import type { ValueType } from './values.ts';

/** What DNS and containers allow; more than 63 letters between two dots cannot be asked for. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const MAX_LENGTH = 253;

/**
 * The name or address as everything else expects it: `[::1]` without its brackets, `müller.example` as DNS writes it. Undefined when it is
 * neither.
 */
export function canonicalHost(text: string): string | undefined {
  const address = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) !== 0) return address.includes('%') ? undefined : address;
  if (!/^[\p{L}\p{M}\p{N}_.-]+$/u.test(text)) return undefined;
  const name = domainToASCII(text.toLowerCase());
  const labels = name.replace(/\.$/, '').split('.');
  return name.length <= MAX_LENGTH && labels.every((label) => LABEL.test(label)) ? name : undefined;
}

/** The socket lies in it under a name that is made from the port. */
function socketDirectory(path: string): string | undefined {
  const isOne = !/\p{Cc}|\/\.s\.PGSQL\.\d+$/u.test(path) && normalize(path) !== '/';
  return isOne ? normalize(path).replace(/\/$/, '') : undefined;
}

/** Why a text is no host, as the rest of a sentence. */
function complaintAbout(text: string): string {
  if (/^["'`\u00ab\u00bb\u2018-\u201f]/.test(text)) return 'begins with a quotation mark';
  if (/[\s/@?#\\]|^[a-z]+:\/\//i.test(text)) return 'is more than the name of a host';
  if (text.includes('%')) return 'has a zone after "%", which cannot be used here';
  if (/^(?:[^:]+|\[[^\]]*\]):\d*$/.test(text)) return 'has a port at its end';
  return 'is not the name of a host';
}

const host = z.string('is not a single value').trim().transform((text, context) => {
  const canonical = canonicalHost(text);
  if (canonical !== undefined) return canonical;
  context.addIssue({ code: 'custom', message: complaintAbout(text) });
  return z.NEVER;
});

const REMEDY = 'Write only the name or the IP address, such as immich_postgres; the port has a setting of its own.';

/** A host name or an IP address, without scheme or port; IPv6 also in brackets. */
export const hostname: ValueType<string> = {
  schema: host,
  remedy: REMEDY,
  mayHoldSecret: (value) => value.includes('@'),
};

/** The host of a database, or the directory of its socket, which begins with a slash. */
export const databaseHost: ValueType<string> = {
  schema: z.string('is not a single value').trim().transform((text, context) => {
    const canonical = text.startsWith('/') ? socketDirectory(text) : canonicalHost(text);
    if (canonical !== undefined) return canonical;
    const message = text.startsWith('/') ? 'is not the directory of a socket' : complaintAbout(text);
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }),
  remedy:
    'Write only the name or the IP address, such as immich_postgres, or the directory of a socket, such as /run/postgresql; the port has a ' +
    'setting of its own.',
  mayHoldSecret: (value) => value.includes('@'),
};

/** An address of this machine to listen at. A name would have to be looked up, which the sandbox does not allow. */
export const listenAddress: ValueType<string> = {
  schema: host.transform((text) => text === 'localhost' ? '127.0.0.1' : text)
    .refine((text) => isIP(text) !== 0, 'is not an IP address'),
  remedy:
    'Write an IP address of this machine: 127.0.0.1 for this machine only, 0.0.0.0 for all; the port has a setting of its own.',
};

/** Several of them, separated by commas, in lower case and without a final dot, as they are compared. */
export const hostnames: ValueType<string[]> = {
  schema: z.string('is not a single value').transform((list, context) =>
    list.split(',').map((part) => part.trim()).filter((part) => part !== '').map((part) => {
      const canonical = canonicalHost(part);
      if (canonical === undefined) {
        context.addIssue({ code: 'custom', message: `has a part that ${complaintAbout(part)}` });
      }
      return canonical?.toLowerCase().replace(/\.$/, '') ?? '';
    })
  ),
  remedy: 'Write names without ports, separated by commas, such as photos.example.org.',
  mayHoldSecret: (value) => value.includes('@'),
};

/** An address of the web, with a host that Deno can be allowed to connect to: it is stricter than URL. */
const webAddress = z.string('is not a single value').trim()
  .refine((value) => /^https?:\/\//i.test(value) && URL.canParse(value), {
    error: 'is not an address that begins with http:// or https://',
    abort: true,
  })
  .refine((value) => canonicalHost(new URL(value).hostname) !== undefined, {
    error: 'has a host that can be none',
    abort: true,
  });

/** Immich's address; no trailing slash, and without `/api`, which Immich's own command line tool appends to it. */
export const httpUrl: ValueType<string> = {
  // URL takes a backslash for a slash, and so a password with one in it for a path.
  schema: webAddress
    .refine((value) => !/[@\\]/.test(value), { error: 'contains a user name or a password', abort: true })
    .transform((value) => new URL(value))
    .refine((url) => url.search === '' && url.hash === '', 'contains "?" or "#"')
    .transform((url) => url.origin + url.pathname.replace(/\/+$/, '').replace(/\/api$/, '')),
  remedy: "Write Immich's address, such as http://immich_server:2283.",
  mayHoldSecret: (value) => /[@?#\\]/.test(value),
};

/** Where to send notes; a secret, as services put their keys into the address. */
export const notifyUrl: ValueType<Secret> = {
  schema: webAddress.transform((value) => new Secret(value)),
  remedy: 'Copy the address from the service, such as https://ntfy.example.org/photos.',
};

/** `db:5432` or `[::1]:5432`: a host with its port as URLs have it, and Deno's permissions. */
export function hostAndPort({ hostname, port }: { readonly hostname: string; readonly port: number }): string {
  return `${hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname}:${port}`;
}
