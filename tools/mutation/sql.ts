/** A replacement within a statement; offsets into its text. */
export interface SqlChange {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  readonly kind: string;
}

interface Rule {
  readonly pattern: RegExp;
  readonly replacement: string | ((found: string) => string);
}

/** The other way round, for words and operators that mean the opposite of each other. */
function swap(one: string, other: string): Rule[] {
  return [rule(one, other), rule(other, one)];
}

function rule(from: string, to: string): Rule {
  const word = from.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll(' ', String.raw`\s+`);
  const isWord = /^\w/.test(from);
  return {
    pattern: new RegExp(isWord ? String.raw`\b${word}\b` : String.raw`(?<=\s)${word}(?=\s)`, 'g'),
    replacement: to,
  };
}

const RULES: readonly Rule[] = [
  ...swap('AND', 'OR'),
  { pattern: /\bNOT\s+EXISTS\b/g, replacement: 'EXISTS' },
  { pattern: /(?<!NOT\s+|IF\s+)\bEXISTS\b/g, replacement: 'NOT EXISTS' },
  { pattern: /\bIS\s+NULL\b/g, replacement: 'IS NOT NULL' },
  { pattern: /\bIS\s+NOT\s+NULL\b/g, replacement: 'IS NULL' },
  ...swap('IS DISTINCT FROM', 'IS NOT DISTINCT FROM'),
  { pattern: /\bNOT\s+IN\b/g, replacement: 'IN' },
  { pattern: /(?<!NOT\s+)\bIN(?=\s*\()/g, replacement: 'NOT IN' },
  { pattern: /=\s+ANY\b/g, replacement: '<> ALL' },
  { pattern: /<>\s+ALL\b/g, replacement: '= ANY' },
  ...swap('<', '<='),
  ...swap('>', '>='),
  { pattern: /(?<=\s)(<>|!=)(?=\s)(?!\s+ALL\b)/g, replacement: '=' },
  { pattern: /(?<=\s)=(?=\s)(?!\s+ANY\b)/g, replacement: '<>' },
  ...swap('+', '-'),
  { pattern: /\bLEFT\s+JOIN\b(?!\s+LATERAL)/g, replacement: 'JOIN' },
  { pattern: /(?<!(LEFT|CROSS|FULL)\s+)\bJOIN\b(?!\s+LATERAL)/g, replacement: 'LEFT JOIN' },
  ...swap('true', 'false'),
  ...swap('min', 'max'),
  ...swap('bool_and', 'bool_or'),
  { pattern: /\bDISTINCT\b(?!\s+(FROM|ON)\b)/g, replacement: '' },
  { pattern: /\bUNION\s+ALL\b/g, replacement: 'UNION' },
  { pattern: /\bLIMIT\b/g, replacement: 'LIMIT 1 +' },
  { pattern: /\bORDER\s+BY\s+[^\n)]+/g, replacement: '' },
  { pattern: /\bDESC\b/g, replacement: 'ASC' },
  { pattern: /\bNULLS\s+FIRST\b/g, replacement: 'NULLS LAST' },
  { pattern: /\bFOR\s+(UPDATE|SHARE|NO\s+KEY\s+UPDATE)\b[^\n)]*/g, replacement: '' },
  { pattern: /\bNOT\b(?!\s+(EXISTS|IN|NULL|DISTINCT|MATERIALIZED|VALID)\b)/g, replacement: '' },
  { pattern: /(?<![\w."$])\d+(?![\w."])/g, replacement: (found) => String(Number(found) + 1) },
];

/**
 * The changes of a statement in a tagged template.
 *
 * @param text between the backticks
 * @param holes where `${…}` are in it
 */
export function sqlChanges(
  text: string,
  holes: readonly { readonly start: number; readonly end: number }[],
): SqlChange[] {
  const plain = masked(text, holes);
  const changes = RULES.flatMap(({ pattern, replacement }) =>
    [...plain.matchAll(pattern)].flatMap((match): SqlChange[] => {
      if (match[0].includes(HOLE) && !/^ORDER/.test(match[0])) return [];
      if (match[0] === '=' && isAssignment(plain, match.index)) return [];
      const to = typeof replacement === 'string' ? replacement : replacement(match[0]);
      const kind = `SQL: ${match[0].replaceAll(/\s+/g, ' ').replaceAll(HOLE, '…').slice(0, 20)} to ${to || 'nothing'}`;
      return [{ start: match.index, end: match.index + match[0].length, replacement: to, kind }];
    })
  );
  return [...changes, ...removedConditions(plain)];
}

const HOLE = '\u0001';

/** The same length, without what is no SQL: values, strings, comments. */
function masked(text: string, holes: readonly { readonly start: number; readonly end: number }[]): string {
  let plain = text;
  for (const { start, end } of holes) plain = plain.slice(0, start) + HOLE.repeat(end - start) + plain.slice(end);
  return plain.replaceAll(/'[^'\n]*'|--[^\n]*/g, (found) => ' '.repeat(found.length));
}

/** `SET a = b` is no comparison. */
function isAssignment(plain: string, at: number): boolean {
  const clauses = plain.slice(0, at).match(/\b(SET|WHERE|ON|AND|OR|WHEN|HAVING|SELECT|FILTER)\b/g);
  return clauses?.at(-1) === 'SET';
}

/** A line `AND …` or `OR …` that is whole in itself. */
function removedConditions(plain: string): SqlChange[] {
  return [...plain.matchAll(/^[ \t]*(AND|OR)\b[^\n]*$/gm)].flatMap((match): SqlChange[] => {
    const line = match[0];
    const opened = line.split('(').length - line.split(')').length;
    const next = plain[match.index + line.length + 1] ?? '';
    if (opened !== 0 || line.endsWith(HOLE) && next === HOLE) return [];
    return [{ start: match.index, end: match.index + line.length, replacement: '', kind: 'SQL: condition removed' }];
  });
}
