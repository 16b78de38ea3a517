import { comment } from '../src/config/comment.ts';
import {
  JOB_FIELD_NAMES,
  JOB_FIELDS,
  type JobFieldDefinition,
  REASON_FIELD_NAMES,
  REASON_FIELDS,
} from '../src/config/job_fields.ts';
import { type Setting, SETTING_GROUPS, SETTING_NAMES, settingOf } from '../src/config/settings.ts';

/** How wide the comments of `.env.example` may become. */
const COMMENT_WIDTH = 100;

/** The text of `.env.example`: every setting, each commented out with its default or an example. */
export function renderEnvExample(): string {
  const blocks = groups().map(({ heading, settings }) => {
    const title = `# --- ${heading} `;
    const lines = settings.map(([name, setting]) =>
      [...comment(describe(name, setting), COMMENT_WIDTH), `#${name}=${setting.default ?? setting.example ?? ''}`].join(
        '\n',
      )
    );
    return [title.padEnd(COMMENT_WIDTH, '-'), ...lines].join('\n\n');
  });
  const introduction = comment(
    'Copy this file to .env and take the "#" away in front of what you want to set. The values shown are the ' +
      'defaults, or examples where there is no default. Variables of the process environment win over this file; ' +
      'this file wins over the configuration file. docs/configuration.md says more.',
    COMMENT_WIDTH,
  ).join('\n');
  return `${[introduction, ...blocks].join('\n\n')}\n`;
}

/** The text of `docs/configuration.md`. */
export function renderConfigurationPage(): string {
  const tables = groups().map(({ heading, settings }) =>
    `### ${heading}\n\n` + table(
      ['Setting', 'Default', 'What it does'],
      settings.map(([name, setting]) => [
        code(name),
        setting.default === undefined ? '' : code(setting.default),
        describe(name, setting),
      ]),
    )
  );
  return `${[INTRODUCTION, ...tables, JOBS, jobTable(), SELECTION, NEVER_TABLE(), CHECKS].join('\n\n')}\n`;
}

function groups(): { heading: string; settings: [string, Setting][] }[] {
  return Object.entries(SETTING_GROUPS).map(([group, heading]) => ({
    heading,
    settings: SETTING_NAMES
      .map((name): [string, Setting] => [name, settingOf(name)])
      .filter(([, setting]) => setting.group === group),
  }));
}

function describe(name: string, { description, secret, yaml }: Setting): string {
  return description + (secret === true ? ` Secret: ${name}_FILE may name a file that contains it.` : '') +
    (yaml === false ? ' Not possible in the YAML file itself.' : '');
}

function jobTable(): string {
  const fields = JOB_FIELD_NAMES.map((name): [string, JobFieldDefinition] => [name, JOB_FIELDS[name]]);
  return table(
    ['Key', 'If it is missing', 'What it does'],
    fields.map(([name, field]) => {
      const missing = field.required === true ? 'a problem' : field.default === undefined ? '' : code(field.default);
      return [code(name), missing, field.description];
    }),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const text = (cell: string) => cell.startsWith('`') ? cell : cell.replace(/\/?\w*[_=][\w=/,]*\w|\*\*\/\*/g, code);
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(text)))].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

const INTRODUCTION = `<!-- Written by tools/configuration_reference.ts from src/config/settings.ts. Edit those, then run
     UPDATE_REFERENCE=1 deno test -A tests/config/reference.test.ts -->

# Configuration

Everything is read once at start-up, from three places. The first that has a setting wins:

1. the process environment,
2. the file \`.env\` in the working directory,
3. a configuration file: the one named by \`--config\`, else by \`CONFIG_FILE\`, else \`config.yaml\` or \`immich-sync.conf\` in
   the working directory.

The configuration file is YAML, or JSON (\`.json\`), INI (\`.ini\`, \`.conf\`) or \`NAME=value\` lines (\`.env\`). Jobs can only be listed in
YAML and JSON. In an INI file the settings stand above all sections or below \`[immich]\`; a value with \`#\` or \`;\` in it needs quotes.

In the YAML file a setting has the same name in lower case (\`DB_PORT\` becomes \`db_port\`); in JSON and INI either will do. A setting that is there but
blank counts as not set. Spaces around a value are dropped, except in secrets. \`.env\` is read literally: no \`\${NAME}\` in
it is expanded. [\`.env.example\`](../.env.example) and [\`config.example.yaml\`](../config.example.yaml) are starting points.

A secret can stand in a file of its own, as Docker secrets do: \`DB_PASSWORD_FILE=/run/secrets/db_password\`. One line
break at the end of that file is ignored. Setting both \`DB_PASSWORD\` and \`DB_PASSWORD_FILE\` in the same place is a
problem; in different places, the order above decides. Secrets are never printed.

## Settings

A setting without a default is optional, but a share needs all of its ids and paths.`;

const JOBS = `## Jobs in the YAML file

The variables above describe at most one share of each kind. A list \`jobs\` (or \`sync_jobs\`, the predecessor's name for it)
describes any number. If the YAML file has such a list, the variables of the two single shares are ignored, and the
program says so.

Paths are as Immich sees them. A missing slash at the end is added. In a \`hardlink\` job neither of the two paths may
contain the other, because the copies would then be shared again. \`require.clip\` means the key \`clip\` below the key
\`require\`.`;

const SELECTION = `## What a job shares

Without \`select\`, a job shares everything that its \`kind\` and \`source_path_prefix\` say. With it, a photo needs one of the reasons that stand
there, wherever it lies: uploads and external libraries alike, if no \`kind\` is given.

\`\`\`yaml
never: {tags: [private]} # for all jobs
jobs:
  - name: family
    source: alice@example.com # e-mail, name or id
    target: bob@example.com
    target_library_id: 44444444-4444-4444-8444-444444444444
    target_path_prefix: /data/shared/bob/.family/
    select: {albums: [Family], people: [Emil, Grandma], tags: [share/bob], favorites: true}
    except: {people: [Gustav]}
    since: 2015-01-01
\`\`\`

- \`select\` is any of, \`except\` and \`never\` are none of, and \`source_path_prefix\`, \`since\`, \`until\`, \`min_rating\` and \`types\` are all of. Days are
  those of the place where a photo was taken.
- Whatever is written there, photos in the locked folder or the trash, and files that Immich does not find, are not shared, and archived and
  hidden ones only with \`include_archived\` and \`include_hidden\`. The motion part of a live photo goes with its photo.
- **Names** are those that the source user sees: albums that they own or that are shared with them (their own photos in them are shared), their people, their tags.
  The very name comes before one that differs in upper and lower case. In \`select\`, \`source\` and \`target\`, a name that fits nothing, or several, is a
  problem of the job, which names what is there with the ids; write the id then. In \`except\` and \`never\` everything counts that has the name.
- A change in Immich is followed in the next cycle: a photo put into an album comes, one taken out goes, as long as no other reason or job means it.
  The [brake](invariants.md) holds back too many withdrawals at once. What was renamed goes on, with one warning; what was deleted, or is shared with the source user no more, selects nothing.
- \`immich-sidecar explain PHOTO\` says why a photo is shared, or what stands against it; \`explain --job NAME\` counts by criterion.
- With people in \`except\` or \`never\`, or \`people_match: only\`, a photo waits until its faces are recognised (at most ten minutes after they were found), so that one on which somebody
  is recognised a moment later is not shared for that moment.
- **Nothing is moved** when \`select\` is added or taken out: a photo that is shared already keeps its place. New ones lie below the target prefix in \`uploads\`, or in a
  directory with the id of their library, with their whole path, so that no two meet. A photo that several jobs of one pair of users mean is shared once; it belongs
  to the job that shared it first as long as that means it.`;

const NEVER_TABLE = () =>
  `### \`never\`\n\nAt the top of the file, beside \`jobs\`: what no job shares.\n\n` + table(
    ['Key', 'What is left out'],
    REASON_FIELD_NAMES.map((name) => [code(name), REASON_FIELDS[name].description]),
  );

const CHECKS = `## When something is wrong

The program lists every problem at once, each with the place where it stands, and ends with exit code 2:

\`\`\`text
The configuration has 2 problems:
  - DB_PORT (.env line 4): "54x32" is not a whole number. Write a whole number from 1 to 65535.
  - jobs[0].source_usr_id (config.yaml:14:5): this key is not known here. Did you mean source_user_id?
\`\`\`

In a YAML, JSON or INI file every unknown key is a problem. In \`.env\` and in the environment, where other programs have their own
variables, only a name that is almost one of the settings is.`;
