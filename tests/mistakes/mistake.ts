import type { Variables } from '../cli/program.ts';

/** What stands in the place of a file: it would be waited for, has no end, or does not fit into memory. */
export interface NoFile {
  readonly kind: 'pipe' | 'device' | 'huge';
}

/** Something that somebody did wrong, and what they are told. */
export interface Mistake {
  /** What was done, for the test's report. */
  readonly what: string;
  /** Default: a sync. */
  readonly args?: readonly string[];
  /** In the environment, over what is right. */
  readonly env?: Variables;
  /** In the working directory; a name that ends with a slash is an empty directory. */
  readonly files?: Readonly<Record<string, string | Uint8Array | NoFile>>;
  /** What is said, anywhere: what is wrong, and what repairs it. */
  readonly says: readonly RegExp[];
  /** Default: 2, a mistake of the configuration or on the command line. */
  readonly code?: number;
}

/** As Windows saves a text: UTF-16 with its mark. */
export function utf16(text: string): Uint8Array {
  return new Uint8Array([
    0xff,
    0xfe,
    ...[...text].flatMap((letter) => [letter.charCodeAt(0) & 255, letter.charCodeAt(0) >> 8]),
  ]);
}

/** As old editors save it: one byte for each letter. */
export function latin1(text: string): Uint8Array {
  return new Uint8Array([...text].map((letter) => letter.charCodeAt(0)));
}
