import { printable } from '../config/quote.ts';
import { Redactor } from './redact.ts';

/** The process environment, passed in so that tests can say what it is. */
export type Environment = Readonly<Record<string, string | undefined>>;

const encoder = new TextEncoder();

/** Secrets are added once the configuration is known. */
export const redactor = new Redactor();

/** Writes results for the caller to stdout. */
export function print(text: string): void {
  writeAll(Deno.stdout, cleaned(text));
}

/** The same with SGR sequences of our own, which set colours. */
export function printColoured(text: string): void {
  writeAll(Deno.stdout, text.split(SGR).map((part, index) => index % 2 === 0 ? cleaned(part) : part).join(''));
}

/** Writes messages for people to stderr. */
export function printError(text: string): void {
  writeAll(Deno.stderr, cleaned(text));
}

/**
 * Everything that is printed or logged passes through here. Names, paths and messages come from other users, files and servers: no control
 * character of theirs reaches a terminal, and no secret leaves.
 */
export function cleaned(text: string): string {
  return printable(redactor.redact(text));
}

// deno-lint-ignore no-control-regex
const SGR = /(\x1b\[[0-9;]*m)/;

/** One JSON value on a line of its own on stdout. */
export function printJson(value: unknown): void {
  print(`${JSON.stringify(value)}\n`);
}

function writeAll(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  let bytes = encoder.encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch (error) {
    // The reader has gone, as `head` does; that must not end the work.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Rows of text as columns of equal width; the first row is the heading. Numbers belong in right-aligned columns. */
export function table(rows: readonly (readonly string[])[], rightAligned: ReadonlySet<number> = new Set()): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          rightAligned.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
        )
        .join('  ')
        .trimEnd()
    )
    .map((line) => `${line}\n`)
    .join('');
}
