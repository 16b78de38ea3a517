import { type Alias, type Document, isAlias, isMap, isScalar, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import type { ConfigProblem } from './problems.ts';
import { isBlank } from './sources.ts';

/** One `key: value` of a mapping; `node` is undefined when there is no value. */
export interface Entry {
  readonly key: string;
  readonly keyPlace: string;
  readonly node: unknown;
  readonly place: string;
}

/** A parsed YAML file whose values are all text, exactly as written, with line and column. */
export interface YamlDocument {
  readonly root: unknown;
  /** `config.yaml:14:5` for a node. */
  placeOf(node: unknown): string;
  /** The entries of a mapping in their order; undefined if the node is no mapping. */
  entries(node: unknown): readonly Entry[] | undefined;
  /** The text of a single value; `''` for an empty one, undefined for a list or a mapping. */
  text(node: unknown): string | undefined;
  /** The node itself, or what the alias stands for. */
  resolve(node: unknown): unknown;
}

/**
 * The parser's messages are for programmers, and some quote the text, which may be a password. So only their codes are
 * used. Codes that are not listed get a general sentence.
 */
const PLAIN_WORDS: Readonly<Record<string, string>> = Object.freeze({
  BAD_INDENT: 'the indentation does not fit the lines above, or a bracket is not closed',
  BAD_DQ_ESCAPE: 'there is a backslash inside double quotes; use single quotes',
  BAD_SCALAR_START: 'a value begins with a character that needs quotes around the value',
  BLOCK_AS_IMPLICIT_KEY:
    'there are two colons, or a line is indented too far; put quotes around a value with ": " in it',
  DUPLICATE_KEY: 'this key stands here a second time',
  MISSING_CHAR: 'a colon with a space after it, a quote or a bracket is missing',
  MULTILINE_IMPLICIT_KEY: 'there is no space after a colon, or a colon is missing',
  MULTIPLE_DOCS: 'there is a second document (a line "---")',
  TAB_AS_INDENT: 'the line is indented with a tab; use spaces',
  TAG_RESOLVE_FAILED: 'there is a "!" tag; tags such as !secret or !env are not supported here',
  UNEXPECTED_TOKEN: 'something stands where it does not belong; look at the indentation and the quotes',
});

/**
 * Parses a YAML file. Numbers, booleans and nulls stay text, so that a password `0123` is not turned into 83.
 *
 * @param label the name of the file in `place`
 * @returns undefined after reporting the first error, because later ones tend to be its consequences
 */
export function parseYaml(text: string, label: string, problems: ConfigProblem[]): YamlDocument | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${label}:${line}:${col}`;
  };
  const [error] = [...document.errors, ...document.warnings].sort((one, other) => one.pos[0] - other.pos[0]);
  if (error !== undefined) {
    problems.push({
      key: label,
      place: at(error.pos[0]),
      message: `the file cannot be understood: ${PLAIN_WORDS[error.code] ?? 'this is not valid YAML'}`,
      remedy: 'Compare this line and the one above with config.example.yaml.',
    });
    return undefined;
  }
  return reader(document, at);
}

function reader(document: Document.Parsed, at: (offset: number) => string): YamlDocument {
  const placeOf = (node: unknown) => at(rangeStart(node) ?? 0);
  const resolve = (node: unknown) => isAlias(node) ? (node as Alias).resolve(document) : node;
  const text = (node: unknown) => {
    const target = resolve(node);
    if (target === null || target === undefined) return isAlias(node) ? undefined : '';
    if (!isScalar(target)) return undefined;
    const value = String(target.value);
    const isNull = target.type === 'PLAIN' && /^(?:~|null|Null|NULL)$/.test(value);
    return isNull || isBlank(value) ? '' : value;
  };
  const entries = (node: unknown) => {
    const target = resolve(node);
    if (!isMap(target)) return undefined;
    return (target as YAMLMap).items.map(({ key, value }): Entry => {
      const keyPlace = placeOf(key);
      const start = rangeStart(value);
      return { key: text(key) ?? '', keyPlace, node: value, place: start === undefined ? keyPlace : at(start) };
    });
  };
  return { root: document.contents, placeOf, entries, text, resolve };
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  return node.range[0];
}
