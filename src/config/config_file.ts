import { extname, resolve } from 'node:path';
import { readIni } from './ini_file.ts';
import { reportMisspelledVariables } from './names.ts';
import type { ConfigProblem } from './problems.ts';
import { plain } from './quote.ts';
import { SettingsReader } from './reader.ts';
import { envFileSource, type Source } from './sources.ts';
import { readTextFile, type TextFile } from './text_file.ts';
import { type ConfigFile, readYaml } from './yaml_file.ts';

export type { ConfigFile } from './yaml_file.ts';

const NOTHING: ConfigFile = Object.freeze({ settings: new Map(), hasJobs: false, jobs: [], never: new Map() });

/** Looked for in the working directory when no file is named, the most important first; the last is a predecessor's. */
const USUAL_NAMES = ['config.yaml', 'config.yml', 'immich-sync.conf'] as const;

/** What editors make of them on systems that hide the end of a name. */
const ALMOST_NAMES = ['config.yaml.txt', 'config.yml.txt', '.env.txt', 'env.txt'] as const;

/**
 * The configuration file that applies; undefined if it could not be read or understood (reported). No file is an empty
 * one.
 *
 * @param variables where CONFIG_FILE may stand
 * @param configFile the file from the command line
 */
export function findConfigFile(
  variables: readonly Source[],
  cwd: string,
  configFile: string | undefined,
  problems: ConfigProblem[],
  notes: string[],
): ConfigFile | undefined {
  const reader = new SettingsReader(variables, cwd, problems);
  const named = configFile ?? reader.read('CONFIG_FILE');
  if (named === undefined) return findUsual(cwd, problems, notes);
  const asked = configFile === undefined ? reader.find('CONFIG_FILE') : { key: '--config', place: 'command line' };
  const file = readTextFile(resolve(cwd, named));
  if (file.state === 'read') return parse(named, file.text, problems);
  reportUnreadable(asked ?? { key: plain(named), place: plain(named) }, resolve(cwd, named), file, problems);
  return undefined;
}

function findUsual(cwd: string, problems: ConfigProblem[], notes: string[]): ConfigFile | undefined {
  const found = USUAL_NAMES.map((name) => ({ name, file: readTextFile(resolve(cwd, name)) }))
    .filter(({ file }) => file.state !== 'missing');
  for (const { name } of found.filter(({ file }) => file.state === 'directory')) {
    // The predecessor's Compose file mounts ./config.yaml; Docker creates a directory when there is no such file.
    notes.push(`${name} is a directory (Docker creates one for a missing file); it is ignored.`);
  }
  for (const name of ALMOST_NAMES.filter((almost) => readTextFile(resolve(cwd, almost)).state === 'read')) {
    notes.push(
      `${name} is ignored: rename it to ${name.replace('.txt', '').replace(/^env$/, '.env')} if it is the one to read.`,
    );
  }
  const [used, ...others] = found.filter(({ file }) => file.state !== 'directory');
  if (used === undefined) return NOTHING;
  const ignored = others.map(({ name }) => name).filter((name) => name.startsWith('config.'));
  if (ignored.length > 0) notes.push(`${used.name} is used, so ${ignored.join(' and ')} beside it is ignored.`);
  if (used.file.state === 'read') return parse(used.name, used.file.text, problems);
  const { name, file } = used;
  reportUnreadable({ key: name, place: name }, resolve(cwd, name), file, problems);
  return undefined;
}

function reportUnreadable(
  { key, place }: Pick<ConfigProblem, 'key' | 'place'>,
  path: string,
  file: TextFile,
  problems: ConfigProblem[],
): void {
  if (file.state === 'read') return;
  problems.push({
    key,
    place,
    message: `the file ${plain(path)} ${file.complaint}`,
    remedy: 'Name a configuration file that this program can read.',
  });
}

function parse(name: string, text: string, problems: ConfigProblem[]): ConfigFile | undefined {
  const label = plain(name);
  switch (formatOf(name, text)) {
    case 'env': {
      const settings = envFileSource(text, label, problems);
      reportMisspelledVariables(settings, problems);
      return { ...NOTHING, settings };
    }
    case 'ini':
      return { ...NOTHING, settings: readIni(text, label, problems), isIni: true };
    case 'json':
      return readYaml(text, label, problems, { isJson: true });
    case 'yaml':
      return readYaml(text, label, problems);
  }
}

type Format = 'yaml' | 'json' | 'ini' | 'env';

const FORMAT_OF_EXTENSION: Readonly<Record<string, Format>> = Object.freeze({
  '.yaml': 'yaml',
  '.yml': 'yaml',
  '.json': 'json',
  '.ini': 'ini',
  '.conf': 'ini',
  '.cfg': 'ini',
  '.env': 'env',
});

/** From the name if that says it, else from the first line that is no comment. */
function formatOf(name: string, text: string): Format {
  const base = name.slice(name.lastIndexOf('/') + 1);
  if (/^\.env\b/.test(base)) return 'env';
  const known = FORMAT_OF_EXTENSION[extname(base).toLowerCase()];
  if (known !== undefined) return known;
  const first = text.split('\n').find((line) => !/^\s*(?:[#;].*)?$/.test(line))?.trim() ?? '';
  if (first.startsWith('{')) return 'json';
  if (/^\[.*\]$/.test(first)) return 'ini';
  return /^(?:export\s+)?\w+\s*=/.test(first) ? 'env' : 'yaml';
}
