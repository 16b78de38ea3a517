import { comment } from '../config/comment.ts';
import { dotEnvValues } from '../config/dot_env.ts';
import { SETTING_NAMES, type SettingName, settingOf } from '../config/settings.ts';
import { UserError } from '../errors.ts';
import {
  COMPOSE_VARIABLE_NAMES,
  COMPOSE_VARIABLES,
  type ComposeVariable,
  isComposeVariable,
} from './compose/variables.ts';

/** How wide comments become: a terminal of 80 columns shows them whole. */
const COMMENT_WIDTH = 79;

/** What `.env` holds: settings of the program, and what compose.yaml takes from it. */
type Name = SettingName | ComposeVariable;

const ORDER: readonly Name[] = [...SETTING_NAMES, ...COMPOSE_VARIABLE_NAMES];

const HEADING = [
  '# Settings of immich-sidecar, written by `immich-sidecar setup`. Run it again to',
  '# change them, or edit them here: .env.example shows all there are, and',
  '# docs/configuration.md explains them. There are passwords in this file: keep it',
  '# to yourself.',
];

/**
 * The text of an `.env` with some settings changed and some taken out. Everything else stays as it is: comments, order,
 * variables of others. What is new is added at the end with a comment. Pure.
 */
export function updateEnv(
  text: string | undefined,
  changes: ReadonlyMap<Name, string>,
  retired: readonly string[],
): string {
  const lines = text === undefined || text === '' ? [...HEADING] : text.replace(/\n$/, '').split('\n');
  for (const name of retired) {
    for (const index of linesOf(name, lines).reverse()) lines.splice(index, 1, `# (moved by setup) ${lines[index]}`);
  }
  const added: Name[] = [];
  for (const [name, value] of changes) {
    const places = linesOf(name, lines);
    // The last one counts, so earlier ones would only mislead.
    for (const index of places.slice(0, -1).reverse()) lines.splice(index, 1);
    const place = linesOf(name, lines).at(-1);
    if (place === undefined) added.push(name);
    else lines[place] = `${name}=${quoted(name, value)}`;
  }
  for (const name of added.toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))) {
    lines.push(
      '',
      ...comment((isComposeVariable(name) ? COMPOSE_VARIABLES[name] : settingOf(name)).description, COMMENT_WIDTH),
      `${name}=${quoted(name, changes.get(name) ?? '')}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The lines that set a variable, from the first; not those inside a value of several lines. */
function linesOf(name: string, lines: readonly string[]): number[] {
  const pattern = new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`);
  return lines.flatMap((line, index) => pattern.test(line) ? [index] : []);
}

/** A value as it has to be written so that this program, and Compose, read it back. */
function quoted(name: string, value: string): string {
  const escaped = value.replace(/[\\"]/g, '\\$&');
  const candidates = /^[\w./:@%+,=~-]*$/.test(value) ? [value] : [`'${value}'`, `"${escaped}"`];
  for (const candidate of candidates) {
    // Versions of Compose differ about an escaped dollar sign; inside single quotes it is safe in all of them.
    if (value.includes('$') && candidate.startsWith('"')) continue;
    if (!value.includes('\n') && dotEnvValues(`${name}=${candidate}`)[name] === value) return candidate;
  }
  throw new UserError(`The value of ${name} has quotes in it that an .env cannot hold.`, {
    problemCode: 'setup-answer',
    remedy: `Put it into a file of its own, and set ${name}_FILE to that file.`,
  });
}
