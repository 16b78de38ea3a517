import { count } from '../config/words.ts';
import { plain } from '../config/quote.ts';
import { countFindings } from '../doctor/examine.ts';
import { CHECK_GROUPS, type Finding, type Group, type Status } from '../doctor/finding.ts';

/** How the page is to look. */
export interface PageOptions {
  /** In characters. */
  readonly width: number;
  readonly isColoured: boolean;
}

const HEADINGS: Readonly<Record<Group, string>> = Object.freeze({
  program: 'This program',
  database: 'Database',
  immich: 'Immich',
  api: "Immich's API",
  jobs: 'Shares',
  files: 'Files',
  mirrors: 'What is shared',
  write: 'Writing into files',
});

/** Words, so that nothing is lost without colours. */
const MARKS: Readonly<Record<Status, string>> = Object.freeze({ ok: 'ok', warn: 'warn', fail: 'FAIL', skipped: '-' });

/** SGR codes: green, yellow, bold red, dim. */
const COLOURS: Readonly<Record<Status, string>> = Object.freeze({ ok: '32', warn: '33', fail: '1;31', skipped: '2' });
const BOLD = '1';

/**
 * The findings as text: what is well group by group, then what is to be repaired, where it is seen without scrolling back, and
 * a last line that counts them. Pure.
 */
export function doctorPage(findings: readonly Finding[], options: PageOptions): string {
  const sections = CHECK_GROUPS.map((group): Section => ({
    heading: HEADINGS[group],
    findings: together(findings.filter((finding) => finding.group === group && !isProblem(finding))),
  }));
  const problems = (['fail', 'warn'] as const).flatMap((status) =>
    withNames(findings.filter((finding) => finding.status === status))
  );
  const described = [...sections, { heading: 'To be repaired', findings: problems }]
    .filter((section) => section.findings.length > 0)
    .map((section) => describe(section, options));
  return `${described.join('\n')}\n${summary(findings, options)}\n`;
}

type Line = Pick<Finding, 'status' | 'message' | 'remedy' | 'sql'>;

interface Section {
  readonly heading: string;
  readonly findings: readonly Line[];
}

function isProblem({ status }: Finding): boolean {
  return status === 'fail' || status === 'warn';
}

function describe({ heading, findings }: Section, options: PageOptions): string {
  return `${paint(heading, BOLD, options)}\n${findings.map((finding) => describeFinding(finding, options)).join('')}`;
}

function describeFinding({ status, message, remedy, sql = [] }: Line, options: PageOptions): string {
  const mark = paint(MARKS[status].padEnd(INDENT - 2), COLOURS[status], options);
  const lines = wrapText(message, options.width - INDENT);
  const advice = remedy === undefined ? [] : wrapText(`-> ${remedy}`, options.width - INDENT - ADVICE);
  return [
    ...lines.map((line, index) => `${index === 0 ? `  ${mark}` : ' '.repeat(INDENT)}${line}\n`),
    ...advice.map((line, index) => `${' '.repeat(INDENT + (index === 0 ? 0 : ADVICE))}${line}\n`),
    // SQL does not mind where a line ends.
    ...sql.flatMap((statement) => wrapText(`${statement};`, options.width - INDENT - ADVICE))
      .map((line) => `${' '.repeat(INDENT + ADVICE)}${line}\n`),
  ].join('');
}

const INDENT = 8;

/** The width of "-> ". */
const ADVICE = 3;

/** The names of the checks say where docs/doctor.md has more. What several say in the same words is said once. */
function withNames(problems: readonly Finding[]): readonly Line[] {
  return [...Map.groupBy(problems, ({ message, remedy }) => `${message}\0${remedy}`).values()].flatMap((same) => {
    const [first] = same;
    const names = [...new Set(same.map(({ check }) => check))];
    return first === undefined ? [] : [{ ...first, message: `${first.message} (${names.join(', ')})` }];
  });
}

/** What was skipped for one reason takes one line. */
function together(findings: readonly Finding[]): readonly Line[] {
  const skipped = Map.groupBy(findings.filter(({ status }) => status === 'skipped'), ({ message }) => message);
  return findings.flatMap((finding): readonly Line[] => {
    if (finding.status !== 'skipped') return [finding];
    const same = skipped.get(finding.message) ?? [];
    if (same[0] !== finding) return [];
    const names = [...new Set(same.map(({ check }) => check.slice(check.indexOf('.') + 1).replaceAll('_', ' ')))];
    return [{ status: finding.status, message: `Not looked at: ${names.join(', ')}. ${finding.message}` }];
  });
}

function summary(findings: readonly Finding[], options: PageOptions): string {
  const { ok, warn, fail, skipped } = countFindings(findings);
  const counts = [
    `${ok} ok`,
    ...warn > 0 ? [count(warn, 'warning')] : [],
    ...fail > 0 ? [count(fail, 'failure')] : [],
    ...skipped > 0 ? [`${skipped} not looked at`] : [],
  ].join(', ');
  const colour = COLOURS[fail > 0 ? 'fail' : warn > 0 ? 'warn' : 'ok'];
  return wrapText(counts, options.width).map((line) => paint(line, colour, options)).join('\n');
}

function paint(text: string, code: string, { isColoured }: PageOptions): string {
  return isColoured ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** Breaks text between words, and words that are longer than a line anywhere. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.trim().split(/\s+/).flatMap((long) => pieces(plain(long), width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

function pieces(word: string, width: number): string[] {
  return word.length <= width ? [word] : [word.slice(0, width), ...pieces(word.slice(width), width)];
}
