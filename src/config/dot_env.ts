import { interpolate, type Variables } from './interpolate.ts';

/** One variable of an `.env`. Lines count from 1. */
export interface DotEnvEntry {
  readonly name: string;
  readonly value: string;
  readonly line: number;
  /** Whether it contains a variable that nobody has set, and so nothing in its place. */
  readonly hasUnset: boolean;
}

export interface DotEnv {
  /** In their order; the last one of a name counts. */
  readonly entries: readonly DotEnvEntry[];
  /** Lines that Docker Compose refuses too, each with the rest of a sentence that begins with "this line". */
  readonly mistakes: readonly { readonly line: number; readonly complaint: string }[];
}

const STATEMENT = /(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:[=:][ \t]*|(?<inherited>)(?=\r?\n|$))/y;

/**
 * Reads an `.env` as Docker Compose 2 does, which reads the same file for the container and for Immich ("env file syntax" in its
 * documentation): `#` begins a comment at the start of a line or after a space, single quotes keep everything, double quotes know escapes, and
 * variables are put in where there are no single quotes. node:util's parseEnv differs: it cuts `pa#word`. Pure.
 *
 * @param environment whose variables count more than those of the file
 */
export function parseDotEnv(text: string, environment: Variables = {}): DotEnv {
  const entries: DotEnvEntry[] = [];
  const mistakes: { line: number; complaint: string }[] = [];
  const values: Record<string, string | undefined> = {};
  let position = 0;
  while (position < text.length) {
    const blank = /(?:\s|#.*)*/y;
    blank.lastIndex = position;
    position += blank.exec(text)?.[0].length ?? 0;
    if (position >= text.length) break;
    const line = lineAt(text, position);
    STATEMENT.lastIndex = position;
    const statement = STATEMENT.exec(text);
    const read = statement === null ? 'is not NAME=value' : readValue(text, position + statement[0].length);
    if (typeof read === 'string') {
      mistakes.push({ line, complaint: read });
      position = endOfLine(text, position);
      continue;
    }
    position = read.end;
    const name = statement?.[1] ?? '';
    if (statement?.groups?.['inherited'] !== undefined) continue;
    let hasUnset = false;
    const value = read.isLiteral
      ? read.value
      : interpolate(read.value, { ...values, ...environment }, () => hasUnset = true);
    values[name] = value;
    entries.push({ name, value, line, hasUnset });
  }
  return { entries, mistakes };
}

interface Value {
  readonly value: string;
  readonly isLiteral: boolean;
  /** Where the next statement begins. */
  readonly end: number;
}

function readValue(text: string, start: number): Value | string {
  const quote = text[start];
  const end = endOfLine(text, start);
  if (quote !== '"' && quote !== "'") {
    const value = text.slice(start, end).replace(/\s#.*$/, '').trim();
    return { value, isLiteral: false, end };
  }
  const pattern = quote === '"'
    ? /"((?:[^"\\]|\\[^])*)"[ \t]*(?:#.*)?(?=\r?\n|$)/y
    : /'((?:[^'\\]|\\[^])*)'[ \t]*(?:#.*)?(?=\r?\n|$)/y;
  pattern.lastIndex = start;
  const match = pattern.exec(text);
  if (match === null) return 'has a quotation mark that is not closed, or something behind one that is';
  const inside = match[1] ?? '';
  return quote === '"'
    ? { value: unescape(inside), isLiteral: false, end: pattern.lastIndex }
    : { value: inside.replaceAll("\\'", "'"), isLiteral: true, end: pattern.lastIndex };
}

const ESCAPES: Readonly<Record<string, string>> = Object.freeze({
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  '"': '"',
  $: '$$',
});

/** What an escaped dollar sign becomes is one dollar sign after the variables are put in. */
function unescape(text: string): string {
  return text.replace(/\\([^])/g, (whole, character: string) => ESCAPES[character] ?? whole);
}

function endOfLine(text: string, position: number): number {
  const end = text.indexOf('\n', position);
  return end < 0 ? text.length : end;
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

/** The values by name; the last of a name counts. */
export function dotEnvValues(text: string, environment: Variables = {}): Record<string, string> {
  return Object.fromEntries(parseDotEnv(text, environment).entries.map(({ name, value }) => [name, value]));
}
